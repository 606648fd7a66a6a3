using System.Globalization;
using System.Security;
using System.Text;

namespace Astraea.Simulator.Pictures;

/// <summary>Draws a chart as SVG: text stays text, any browser shows it, and two versions of a picture can be compared line by line.</summary>
public static class ChartSvg
{
    private const double Width = 970, Height = 500, Left = 78, Top = 66, Right = 280, Bottom = 58;
    private const double PlotWidth = Width - Left - Right, PlotHeight = Height - Top - Bottom;

    // Told apart by people who do not see all colours too (Okabe and Ito 2008); the yellow is left out, it is too light for lines.
    private static readonly string[] _palette = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8c564b", "#7f7f7f"];
    private static readonly string[] _dashes = ["", "8 3", "2 3"];

    /// <summary>The picture.</summary>
    public static string Draw(Chart chart)
    {
        AxisScale x = new(chart.X, chart.Layers.SelectMany(static l => l.Points).Select(static p => p.X));
        AxisScale y = new(chart.Y, chart.Layers.SelectMany(static l => l.Points).SelectMany(static p => (double[])[p.Y, p.Low, p.High]));
        StringBuilder svg = new();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" width=\"{Width}\" height=\"{Height}\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"13\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<rect width=\"{Width}\" height=\"{Height}\" fill=\"#ffffff\"/>\n");
        Text(svg, Left, 26, chart.Title, "font-size=\"16\" font-weight=\"bold\" fill=\"#111111\"");
        Text(svg, Left, 46, chart.Subtitle, "font-size=\"12\" fill=\"#555555\"");
        Frame(svg, chart, x, y);
        foreach (Layer layer in chart.Layers)
            Draw(svg, layer, x, y);
        Legend(svg, chart);
        return svg.Append("</svg>\n").ToString();
    }

    private static void Frame(StringBuilder svg, Chart chart, AxisScale x, AxisScale y)
    {
        foreach (double tick in x.Ticks())
        {
            double at = Across(x, tick);
            Line(svg, at, Top, at, Top + PlotHeight, "stroke=\"#e3e3e3\"");
            Text(svg, at, Top + PlotHeight + 19, AxisScale.Text(tick), "text-anchor=\"middle\" fill=\"#333333\"");
        }
        foreach (double tick in y.Ticks())
        {
            double at = Up(y, tick);
            Line(svg, Left, at, Left + PlotWidth, at, "stroke=\"#e3e3e3\"");
            Text(svg, Left - 8, at + 4, AxisScale.Text(tick), "text-anchor=\"end\" fill=\"#333333\"");
        }
        svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{Left}\" y=\"{Top}\" width=\"{PlotWidth}\" height=\"{PlotHeight}\" fill=\"none\" stroke=\"#777777\"/>\n");
        Text(svg, Left + PlotWidth / 2, Height - 14, chart.X.Label, "text-anchor=\"middle\" fill=\"#111111\"");
        string turned = string.Create(CultureInfo.InvariantCulture, $"translate(20 {Top + PlotHeight / 2}) rotate(-90)");
        Text(svg, 0, 0, chart.Y.Label, $"text-anchor=\"middle\" fill=\"#111111\" transform=\"{turned}\"");
    }

    private static void Draw(StringBuilder svg, Layer layer, AxisScale x, AxisScale y)
    {
        string colour = Colour(layer);
        if (layer is not Layer.Line line)
        {
            IEnumerable<string> outline = layer.Points.Select(p => Pair(Across(x, p.X), Up(y, p.High)))
                .Concat(layer.Points.Reverse().Select(p => Pair(Across(x, p.X), Up(y, p.Low))));
            svg.Append(CultureInfo.InvariantCulture, $"<polygon points=\"{string.Join(' ', outline)}\" fill=\"{colour}\" fill-opacity=\"0.75\" stroke=\"none\"/>\n");
            return;
        }
        foreach (ChartPoint point in line.Points.Where(static p => p.Low < p.High))
            Line(svg, Across(x, point.X), Up(y, point.Low), Across(x, point.X), Up(y, point.High), $"stroke=\"{colour}\" stroke-opacity=\"0.5\" stroke-width=\"1.5\"");
        svg.Append(CultureInfo.InvariantCulture, $"<polyline points=\"{string.Join(' ', line.Points.Select(p => Pair(Across(x, p.X), Up(y, p.Y))))}\" fill=\"none\" {Stroke(line)}/>\n");
        foreach (ChartPoint point in line.Points.Where(_ => line.Marks))
            svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{Across(x, point.X):0.##}\" cy=\"{Up(y, point.Y):0.##}\" r=\"3\" fill=\"{colour}\"/>\n");
    }

    private static void Legend(StringBuilder svg, Chart chart)
    {
        const double left = Left + PlotWidth + 14;
        double at = Top + 10;
        // Stacks are named from the top down, as they lie.
        foreach (Layer layer in chart.Layers.All(static l => l is Layer.Area) ? chart.Layers.Reverse() : chart.Layers)
        {
            if (layer is Layer.Line line)
                Line(svg, left, at, left + 24, at, Stroke(line));
            else
                svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{left}\" y=\"{at - 6}\" width=\"24\" height=\"12\" fill=\"{Colour(layer)}\" fill-opacity=\"0.75\"/>\n");
            Text(svg, left + 31, at + 4, layer.Name, "fill=\"#111111\"");
            at += 20;
        }
    }

    private static string Colour(Layer layer) => _palette[layer.Colour % _palette.Length];

    private static string Stroke(Layer.Line line)
    {
        string dashes = line.Guide ? "4 4" : _dashes[line.Colour / _palette.Length % _dashes.Length];
        return $"stroke=\"{Colour(line)}\" stroke-width=\"{(line.Guide ? 1 : 2)}\" stroke-linejoin=\"round\"" + (dashes.Length > 0 ? $" stroke-dasharray=\"{dashes}\"" : "");
    }

    private static double Across(AxisScale x, double value) => Left + x.Place(value) * PlotWidth;

    private static double Up(AxisScale y, double value) => Top + (1 - y.Place(value)) * PlotHeight;

    private static string Pair(double x, double y) => string.Create(CultureInfo.InvariantCulture, $"{x:0.##},{y:0.##}");

    private static void Line(StringBuilder svg, double x1, double y1, double x2, double y2, string style) =>
        svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{x1:0.##}\" y1=\"{y1:0.##}\" x2=\"{x2:0.##}\" y2=\"{y2:0.##}\" {style}/>\n");

    private static void Text(StringBuilder svg, double x, double y, string text, string style)
    {
        if (text.Length > 0)
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x:0.##}\" y=\"{y:0.##}\" {style}>{SecurityElement.Escape(text)}</text>\n");
    }
}
