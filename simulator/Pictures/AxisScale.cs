using System.Globalization;

namespace Astraea.Simulator.Pictures;

/// <summary>Where a value lies on an axis, and which values get a tick.</summary>
internal sealed class AxisScale
{
    private readonly double _from, _to;
    private readonly bool _logarithmic;

    public AxisScale(Axis axis, IEnumerable<double> values)
    {
        _logarithmic = axis.Logarithmic;
        double[] shown = [.. values.Where(v => double.IsFinite(v) && (!_logarithmic || v > 0))];
        double least = shown.Length > 0 ? shown.Min() : 1, greatest = shown.Length > 0 ? shown.Max() : 10;
        double from = axis.From ?? (_logarithmic ? least : Math.Min(0, least)), to = axis.To ?? greatest;
        if (to <= from)
            to = _logarithmic ? from * 10 : from + 1;
        // A little room, so that nothing lies on the frame.
        _from = axis.From ?? (_logarithmic ? from / Math.Pow(to / from, 0.04) : from);
        _to = axis.To ?? (_logarithmic ? to * Math.Pow(to / from, 0.04) : to + (to - from) * 0.04);
    }

    /// <summary>0 at the beginning of the axis, 1 at its end; what is beyond lies on the frame.</summary>
    public double Place(double value) => Math.Clamp(
        _logarithmic ? Math.Log(Math.Max(value, double.Epsilon) / _from) / Math.Log(_to / _from) : (value - _from) / (_to - _from), 0, 1);

    /// <summary>Values with a label.</summary>
    public IEnumerable<double> Ticks() => _logarithmic ? LogarithmicTicks() : LinearTicks();

    /// <summary>A value as short as it can be said.</summary>
    public static string Text(double value) => Math.Abs(value) switch
    {
        0 => "0",
        >= 1e9 => Short(value / 1e9, "G"),
        >= 1e6 => Short(value / 1e6, "M"),
        >= 1e4 => Short(value / 1e3, "k"),
        _ => Short(value, ""),
    };

    private static string Short(double value, string unit) => value.ToString("0.####", CultureInfo.InvariantCulture) + unit;

    private IEnumerable<double> LinearTicks()
    {
        double rough = (_to - _from) / 6, decade = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double step = decade * ((rough / decade) switch { <= 1.5 => 1, <= 3 => 2, <= 7 => 5, _ => 10 });
        for (double i = Math.Ceiling(_from / step - 1e-9); i * step <= _to + step * 1e-9; i++)
            yield return Math.Round(i * step, 12);
    }

    private IEnumerable<double> LogarithmicTicks()
    {
        double decades = Math.Log10(_to / _from);
        double[] inside = decades switch { > 3.5 => [1], > 2.2 => [1, 3], > 1 => [1, 2, 5], _ => [1, 1.5, 2, 3, 5, 7] };
        for (int power = (int)Math.Floor(Math.Log10(_from)); power <= Math.Log10(_to); power++)
        {
            foreach (double part in inside)
            {
                double value = part * Math.Pow(10, power);
                if (value >= _from && value <= _to)
                    yield return value;
            }
        }
    }
}
