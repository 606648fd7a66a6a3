using System.Collections.Immutable;

namespace Astraea.Simulator.Pictures;

/// <summary>A picture: two axes and what lies between them. Drawn by <see cref="ChartSvg"/>.</summary>
/// <param name="Title">What is shown.</param>
/// <param name="X">Across.</param>
/// <param name="Y">Upwards.</param>
/// <param name="Layers">From back to front; each has a line in the legend.</param>
public sealed record Chart(string Title, Axis X, Axis Y, ImmutableArray<Layer> Layers)
{
    /// <summary>A smaller line below the title: workload, hardware, how to read it.</summary>
    public string Subtitle { get; init; } = "";
}

/// <summary>An axis.</summary>
/// <param name="Label">What, with its unit.</param>
/// <param name="Logarithmic">Whether equal distances are equal ratios; then all values are above 0.</param>
public sealed record Axis(string Label, bool Logarithmic = false)
{
    /// <summary>Least value shown; null for the least there is.</summary>
    public double? From { get; init; }

    /// <summary>Greatest value shown; null for the greatest there is.</summary>
    public double? To { get; init; }
}

/// <summary>A point, with its interval where there is one.</summary>
/// <param name="X">Across.</param>
/// <param name="Y">Upwards.</param>
/// <param name="Low">Lower end of its interval, or the value.</param>
/// <param name="High">Upper end.</param>
public readonly record struct ChartPoint(double X, double Y, double Low, double High)
{
    /// <summary>A point without an interval.</summary>
    public ChartPoint(double x, double y) : this(x, y, y, y) { }
}

/// <summary>Something drawn, with a name in the legend.</summary>
/// <param name="Name">In the legend.</param>
/// <param name="Colour">Index into the palette.</param>
/// <param name="Points">Left to right.</param>
public abstract record Layer(string Name, int Colour, ImmutableArray<ChartPoint> Points)
{
    /// <summary>A line through points, with whiskers where they have intervals.</summary>
    public sealed record Line(string Name, int Colour, ImmutableArray<ChartPoint> Points) : Layer(Name, Colour, Points)
    {
        /// <summary>Whether points are marked; not for curves of many points.</summary>
        public bool Marks { get; init; } = true;

        /// <summary>Whether it is a help for the eye, thin and dashed.</summary>
        public bool Guide { get; init; }
    }

    /// <summary>The area between the lower and the upper ends of its points.</summary>
    public sealed record Area(string Name, int Colour, ImmutableArray<ChartPoint> Points) : Layer(Name, Colour, Points);
}
