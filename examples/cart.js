// A shopping cart.

export class Cart {
  constructor() {
    this.items = [];
  }

  add(name, price, count = 1) {
    this.items.push({ name, price, count });
  }

  remove(name) {
    this.items = this.items.filter((item) => item.name !== name);
  }

  total() {
    return this.items.reduce((sum, item) => sum + item.price * item.count, 0);
  }

  isEmpty() {

  }
}
