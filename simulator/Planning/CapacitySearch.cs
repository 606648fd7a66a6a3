namespace Astraea.Simulator.Planning;

/// <summary>Finds the smallest number of workers that is good enough: doubles until it is, then halves the distance.</summary>
/// <remarks>More workers are taken to be no worse. Each number is tried once; a trial is a set of runs, so few of them matter.</remarks>
internal static class CapacitySearch
{
    /// <summary>Searches.</summary>
    /// <param name="from">First number tried; less than that cannot be enough.</param>
    /// <param name="goal">What is good enough.</param>
    /// <param name="attempt">Tries a number of workers.</param>
    public static (int? Workers, IReadOnlyList<CapacityTrial> Tried) Find(int from, CapacityGoal goal, Func<int, CapacityTrial> attempt)
    {
        var tried = new List<CapacityTrial>();
        int tooFew = Math.Clamp(from, 1, goal.WorkersMax) - 1, enough = tooFew + 1;
        while (!Try(enough))
        {
            tooFew = enough;
            if (enough == goal.WorkersMax)
                return (null, tried);
            enough = Math.Min(goal.WorkersMax, enough * 2);
        }
        while (enough - tooFew > 1)
        {
            int middle = tooFew + (enough - tooFew) / 2;
            if (Try(middle))
                enough = middle;
            else
                tooFew = middle;
        }
        return (enough, tried);

        bool Try(int workers)
        {
            tried.Add(attempt(workers));
            return tried[^1].Meets(goal);
        }
    }
}
