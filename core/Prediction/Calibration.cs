using System.Collections.Immutable;

namespace Astraea.Core.Prediction;

/// <summary>A prediction and what came of it, in the same unit.</summary>
public readonly record struct Judged(double Predicted, double Actual);

/// <summary>What became of predictions of about the same size.</summary>
/// <param name="Count">Predictions in this row.</param>
/// <param name="Predicted">Their mean.</param>
/// <param name="Mean">Mean of what came.</param>
/// <param name="P10">A tenth of what came was not more.</param>
/// <param name="P50">Half of what came was not more.</param>
/// <param name="P90">Nine tenths of what came was not more.</param>
public readonly record struct CalibrationRow(int Count, double Predicted, double Mean, double P10, double P50, double P90);

/// <summary>Compares predictions with what came: tables to plot. Pure.</summary>
public static class Calibration
{
    /// <summary>Predictions in ascending order, cut into rows of equal number.</summary>
    /// <param name="judged">Predictions and outcomes, in any order.</param>
    /// <param name="rows">Rows at most; fewer when there are fewer predictions.</param>
    public static ImmutableArray<CalibrationRow> Table(IEnumerable<Judged> judged, int rows = 10)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        Judged[] sorted = [.. judged.OrderBy(static j => j.Predicted).ThenBy(static j => j.Actual)];
        rows = Math.Min(rows, sorted.Length);
        ImmutableArray<CalibrationRow>.Builder table = ImmutableArray.CreateBuilder<CalibrationRow>(rows);
        for (int row = 0; row < rows; row++)
        {
            int from = (int)((long)sorted.Length * row / rows), to = (int)((long)sorted.Length * (row + 1) / rows);
            table.Add(Row(sorted.AsSpan(from, to - from)));
        }
        return table.ToImmutable();
    }

    /// <summary>How often what came was within the predicted quantile: near the share it was predicted for, when all is well.</summary>
    /// <param name="judged">Predicted quantiles of one share, and outcomes.</param>
    /// <returns>Share of outcomes not above the prediction; not a number when there are none.</returns>
    public static double Coverage(IEnumerable<Judged> judged)
    {
        int within = 0, all = 0;
        foreach (Judged one in judged)
        {
            all++;
            within += one.Actual <= one.Predicted ? 1 : 0;
        }
        return all > 0 ? (double)within / all : double.NaN;
    }

    /// <summary>Chance that of two requests the one predicted larger is larger: ½ for a guess, 1 for perfect order. What an order needs of a prediction.</summary>
    /// <remarks>Neighbours at fixed distances stand for all pairs: exact pairs cost the square.</remarks>
    public static double Concordance(IReadOnlyList<Judged> judged)
    {
        double right = 0, all = 0;
        for (int apart = 1; apart < judged.Count; apart = apart * 2 + 1)
        {
            for (int i = 0; i + apart < judged.Count; i++)
            {
                int actual = judged[i].Actual.CompareTo(judged[i + apart].Actual);
                if (actual == 0)
                    continue;
                all++;
                int predicted = judged[i].Predicted.CompareTo(judged[i + apart].Predicted);
                right += predicted == 0 ? 0.5 : predicted == actual ? 1 : 0;
            }
        }
        return all > 0 ? right / all : double.NaN;
    }

    private static CalibrationRow Row(ReadOnlySpan<Judged> members)
    {
        double[] actual = new double[members.Length];
        double predicted = 0, sum = 0;
        for (int i = 0; i < members.Length; i++)
        {
            actual[i] = members[i].Actual;
            predicted += members[i].Predicted;
            sum += actual[i];
        }
        Array.Sort(actual);
        return new CalibrationRow(members.Length, predicted / members.Length, sum / members.Length, At(actual, 0.1), At(actual, 0.5), At(actual, 0.9));
    }

    private static double At(double[] sorted, double share) => sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
}
