"""A playing field."""


class Grid:
    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.cells = [[0] * width for _ in range(height)]

    def get(self, x: int, y: int) -> int:
        """The value at (x, y); raises IndexError outside."""
        if not (0 <= x < self.width and 0 <= y < self.height):
            raise IndexError("out of bounds")
        return self.cells[y][x]

    def set(self, x: int, y: int, value: int) -> None:
        """Changes the value at (x, y); raises IndexError outside."""
