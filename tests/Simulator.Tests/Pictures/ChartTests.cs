using System.Globalization;
using System.Xml.Linq;
using Astraea.Simulator.Model;
using Astraea.Simulator.Pictures;
using Astraea.Simulator.Statistics;

namespace Astraea.Simulator.Tests.Pictures;

public sealed class ChartTests
{
    private static readonly Chart _curve = RunCharts.OverLoad("mixture <1 & 2>", [
        ("a", [(0.5, new Interval(2, 1, 3, 5)), (1.0, new Interval(40, 20, 60, 5))]),
        ("b", [(0.5, new Interval(2, 2, 2, 1))]),
    ]);

    [Fact]
    public void A_picture_is_valid_xml_with_title_axes_and_legend()
    {
        string[] texts = [.. Svg(_curve).Descendants().Where(static e => e.Name.LocalName == "text").Select(static e => e.Value)];
        Assert.Contains("Schedulable completion time over load", texts);
        Assert.Contains("load, λ / λ_sat", texts);
        Assert.Contains("mean schedulable time of a job (s)", texts);
        Assert.Contains("a", texts);
        Assert.Contains(texts, static t => t.StartsWith("mixture <1 & 2>", StringComparison.Ordinal));
    }

    [Fact]
    public void Points_lie_inside_the_frame_and_in_order()
    {
        XElement svg = Svg(_curve);
        XElement frame = svg.Descendants().Last(static e => e.Name.LocalName == "rect" && (string?)e.Attribute("fill") == "none");
        double left = Number(frame, "x"), top = Number(frame, "y"), right = left + Number(frame, "width"), bottom = top + Number(frame, "height");
        XElement[] points = [.. svg.Descendants().Where(static e => e.Name.LocalName == "circle")];
        Assert.Equal(3, points.Length);
        Assert.All(points, p => Assert.True(Number(p, "cx") >= left && Number(p, "cx") <= right && Number(p, "cy") >= top && Number(p, "cy") <= bottom));
        Assert.True(Number(points[0], "cx") < Number(points[1], "cx"));
        Assert.True(Number(points[0], "cy") > Number(points[1], "cy"));
    }

    [Fact]
    public void Equal_ratios_are_equal_distances_on_a_logarithmic_axis()
    {
        AxisScale scale = new(new Axis("x", Logarithmic: true) { From = 1, To = 1_000 }, []);
        Assert.Equal(scale.Place(10) - scale.Place(1), scale.Place(1_000) - scale.Place(100), 1e-12);
        Assert.Equal([1, 3, 10, 30, 100, 300, 1_000], scale.Ticks().Select(static t => Math.Round(t, 6)));
    }

    [Theory]
    [InlineData(0, 1.1)]
    [InlineData(0, 7e6)]
    [InlineData(0, 0.003)]
    public void Linear_ticks_are_few_and_round(double from, double to)
    {
        double[] ticks = [.. new AxisScale(new Axis("x") { From = from, To = to }, []).Ticks()];
        Assert.InRange(ticks.Length, 4, 12);
        Assert.All(ticks, t => Assert.InRange(t, from, to));
    }

    [Fact]
    public void Tiers_are_stacked()
    {
        Chart chart = RunCharts.Tiers("", [new TierSample(0, 1, 2, 3, 4, 0, 0, 0), new TierSample(1, 4, 3, 2, 1, 0, 0, 0)], 16);
        Assert.Equal([16.0, 48, 96, 160], chart.Layers.Select(static l => l.Points[0].High));
        Assert.Equal([0.0, 16, 48, 96], chart.Layers.Select(static l => l.Points[0].Low));
        Svg(chart);
    }

    [Fact]
    public void A_predictor_that_is_right_lies_on_the_diagonal()
    {
        Chart chart = RunCharts.Calibration("", "tokens", [("exact", Enumerable.Range(1, 100).Select(static i => ((double)i, (double)i)))]);
        Assert.All(chart.Layers[1].Points, static p => Assert.Equal(p.X, p.Y, 1e-9));
        Assert.Equal(10, chart.Layers[1].Points.Length);
        Svg(chart);
    }

    [Fact]
    public void Nothing_to_show_is_an_empty_picture() => Svg(RunCharts.OverLoad("", [("none", [])]));

    private static XElement Svg(Chart chart) => XDocument.Parse(ChartSvg.Draw(chart)).Root!;

    private static double Number(XElement element, string attribute) => double.Parse((string)element.Attribute(attribute)!, CultureInfo.InvariantCulture);
}
