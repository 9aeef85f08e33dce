/** What the fake engine answers (copilot_lsp/engine/fake.py says how to read it). */

export const GREETING = 'greeting = f"Hello, {name}!"\n    return greeting';
export const TOTAL = 'price * amount + shipping';
export const DISCOUNT = 'price * amount - discount';
export const STEPS = ['first = read()', 'second = parse(first)', 'third = check(second)', 'return third'].join('\n    ');

export const rules = [
    { after: 'def hello\\(name\\):\\r?\\n    $', text: GREETING },
    { after: 'total = $', text: TOTAL, alternatives: [DISCOUNT] },
    { after: 'def perimeter\\(self\\) -> float:\\n        $', text: 'return 2 * (self.width + self.height)' },
    { after: 'slow = $', text: 'answer', delay_ms: 2500 },
    { after: 'def steps\\(\\):\\n    $', text: STEPS, piece_ms: 150 },
    { after: 'def slowly\\(\\):\\n    $', text: STEPS, piece_ms: 300 },
    { after: 'fragile = $', dies: true },
];
