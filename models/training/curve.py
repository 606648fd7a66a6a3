"""The loss curve as a picture."""
import math

WIDTH, HEIGHT, LEFT, BOTTOM = 720, 360, 60, 40


def svg(rows):
    points = [(tokens, max(loss, 1e-5)) for _, _, tokens, loss, _ in rows]
    if not points:
        points = [(1, 1.0)]
    most = max(tokens for tokens, _ in points)
    low = math.floor(math.log10(min(loss for _, loss in points)))
    high = max(low + 1, math.ceil(math.log10(max(loss for _, loss in points))))

    def x(tokens):
        return LEFT + (WIDTH - LEFT - 20) * tokens / most

    def y(loss):
        return 20 + (HEIGHT - 20 - BOTTOM) * (high - math.log10(loss)) / (high - low)

    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    for power in range(low, high + 1):
        lines.append(f'<path d="M{LEFT} {y(10 ** power):.1f}H{WIDTH - 20}" stroke="#ddd"/><text x="{LEFT - 8}" y="{y(10 ** power) + 4:.1f}" text-anchor="end">{10.0 ** power:g}</text>')
    for part in range(5):
        lines.append(f'<text x="{x(most * part / 4):.1f}" y="{HEIGHT - 22}" text-anchor="middle">{most * part / 4e6:.3g} M</text>')
    lines.append(f'<text x="{WIDTH // 2}" y="{HEIGHT - 6}" text-anchor="middle">tokens seen (loss per token of the assistant, running mean)</text>')
    lines.append('<polyline fill="none" stroke="#1f5fa8" stroke-width="1.5" points="' + " ".join(f"{x(t):.1f},{y(l):.1f}" for t, l in points) + '"/></svg>')
    return "\n".join(lines) + "\n"
