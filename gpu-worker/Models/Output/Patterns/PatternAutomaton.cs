using Astraea.Worker.Models.Output.Schemas;

namespace Astraea.Worker.Models.Output.Patterns;

/// <summary>The texts a pattern fits, as a table: one row for each place, from which some text can still be completed.</summary>
/// <remarks>Thompson's construction, then subsets (Rabin and Scott 1959), then places without an end are dropped.</remarks>
internal sealed class PatternAutomaton
{
    private const int PlacesMax = 2000;
    private const int EdgesMax = 20_000;
    private const int Characters = 128;

    private readonly int[][] _rows;
    private readonly bool[] _ends;

    /// <summary>Characters to the nearest end, for each place (characters).</summary>
    private readonly int[] _distance;

    private PatternAutomaton(List<int[]> rows, List<bool> ends, string place)
    {
        _rows = [.. rows];
        _ends = [.. ends];
        _distance = Distances();
        if (_distance[0] < 0)
            throw new SchemaException(place, "no ASCII text fits");
    }

    /// <summary>Compiles a pattern.</summary>
    /// <param name="pattern">The pattern; null fits everything.</param>
    /// <param name="length">How long texts may be.</param>
    /// <param name="budget">What compiling may cost.</param>
    /// <param name="place">Where it stands, for errors.</param>
    /// <exception cref="SchemaException">It takes too much, or no text fits.</exception>
    public static PatternAutomaton Compile(PatternNode pattern, Forms.TextLength length, SchemaBudget budget, string place)
    {
        var edges = new Edges(budget, place);
        int start = edges.Add(), end = edges.Add();
        edges.Connect(pattern, start, end);
        return new Subsets(edges, end, length, budget, place).Build(start);
    }

    /// <summary>Length of the shortest text that fits (characters).</summary>
    public int Shortest => _distance[0];

    /// <summary>Whether a text may end at a place.</summary>
    public bool MayEnd(int place) => _ends[place];

    /// <summary>Where a character leads; -1 when it may not come.</summary>
    public int Step(int place, int character) => character < Characters ? _rows[place][character] : -1;

    /// <summary>The character on a shortest way to an end.</summary>
    public char Nearest(int place)
    {
        int[] row = _rows[place];
        for (int c = Characters - 1; c >= 0; c--)
        {
            if (row[c] >= 0 && _distance[row[c]] == _distance[place] - 1)
                return (char)c;
        }
        throw new InvalidOperationException("A place without an end was not dropped.");
    }

    private int[] Distances()
    {
        var before = new List<int>[_rows.Length];
        for (int from = 0; from < _rows.Length; from++)
        {
            foreach (int to in _rows[from].Distinct())
            {
                if (to >= 0)
                    (before[to] ??= []).Add(from);
            }
        }
        int[] distance = [.. _ends.Select(end => end ? 0 : -1)];
        var queue = new Queue<int>(Enumerable.Range(0, _rows.Length).Where(at => _ends[at]));
        while (queue.TryDequeue(out int at))
        {
            foreach (int from in before[at] ?? [])
            {
                if (distance[from] >= 0)
                    continue;
                distance[from] = distance[at] + 1;
                queue.Enqueue(from);
            }
        }
        foreach (int[] row in _rows)
        {
            for (int c = 0; c < Characters; c++)
            {
                if (row[c] >= 0 && distance[row[c]] < 0)
                    row[c] = -1;
            }
        }
        return distance;
    }

    /// <summary>The graph of a pattern: edges with a set of characters, or none.</summary>
    private sealed class Edges(SchemaBudget budget, string place)
    {
        private int _count;

        public List<List<(bool[]? Set, int To)>> From { get; } = [];

        public int Add()
        {
            From.Add([]);
            return From.Count - 1;
        }

        public void Connect(PatternNode node, int from, int to)
        {
            budget.Charge(1, place);
            switch (node)
            {
                case PatternNode.One one:
                    Link(from, one.Set, to);
                    break;
                case PatternNode.Row row:
                    foreach (PatternNode part in row.Parts)
                    {
                        int next = Add();
                        Connect(part, from, next);
                        from = next;
                    }
                    Link(from, null, to);
                    break;
                case PatternNode.Choice choice:
                    foreach (PatternNode option in choice.Options)
                        Connect(option, from, to);
                    break;
                case PatternNode.Repeat repeat:
                    Repeat(repeat, from, to);
                    break;
            }
        }

        private void Repeat(PatternNode.Repeat repeat, int from, int to)
        {
            for (int i = 0; i < repeat.Min; i++)
                from = Part(repeat.Part, from);
            if (repeat.Max is not { } max)
            {
                // A place of its own, so that the loop is not entered from elsewhere.
                int loop = Add();
                Link(from, null, loop);
                Link(Part(repeat.Part, loop), null, loop);
                Link(loop, null, to);
                return;
            }
            for (int i = repeat.Min; i < max; i++)
            {
                Link(from, null, to);
                from = Part(repeat.Part, from);
            }
            Link(from, null, to);
        }

        private int Part(PatternNode part, int from)
        {
            int next = Add();
            Connect(part, from, next);
            return next;
        }

        private void Link(int from, bool[]? set, int to)
        {
            if (++_count > EdgesMax)
                throw new SchemaException(place, $"the pattern takes more than {EdgesMax} edges");
            From[from].Add((set, to));
        }
    }

    /// <summary>Sets of places, each with the length so far where the length matters.</summary>
    private sealed class Subsets(Edges edges, int end, Forms.TextLength length, SchemaBudget budget, string place)
    {
        private readonly Dictionary<string, int> _known = new(StringComparer.Ordinal);
        private readonly List<(int[] Places, int Length)> _sets = [];

        public PatternAutomaton Build(int start)
        {
            var rows = new List<int[]>();
            var ends = new List<bool>();
            List<List<int>> classes = Classes();
            Find([start], 0);
            for (int at = 0; at < _sets.Count; at++)
            {
                var (places, count) = _sets[at];
                ends.Add(count >= length.Min && places.Contains(end));
                var row = new int[Characters];
                Array.Fill(row, -1);
                foreach (List<int> alike in count < length.Max ? classes : [])
                {
                    HashSet<int> next = After(places, alike[0]);
                    if (next.Count == 0)
                        continue;
                    int to = Find(next, Math.Min(count + 1, length.Max < int.MaxValue ? length.Max : length.Min));
                    foreach (int c in alike)
                        row[c] = to;
                }
                rows.Add(row);
            }
            return new PatternAutomaton(rows, ends, place);
        }

        /// <summary>Characters that no set of the pattern tells apart.</summary>
        private List<List<int>> Classes()
        {
            bool[][] sets = [.. edges.From.SelectMany(from => from).Select(edge => edge.Set).OfType<bool[]>().DistinctBy(set => new string([.. set.Select(has => has ? '1' : '0')]))];
            budget.Charge(sets.Length * Characters, place);
            return [.. Enumerable.Range(0, Characters).GroupBy(c => new string([.. sets.Select(set => set[c] ? '1' : '0')])).Select(alike => alike.ToList())];
        }

        private HashSet<int> After(int[] places, int character)
        {
            var next = new HashSet<int>();
            foreach (int from in places)
            {
                budget.Charge(edges.From[from].Count, place);
                foreach (var (set, to) in edges.From[from])
                {
                    if (set is not null && set[character])
                        next.Add(to);
                }
            }
            return next;
        }

        private int Find(HashSet<int> places, int count)
        {
            var reached = new Stack<int>(places);
            while (reached.TryPop(out int at))
            {
                foreach (var (set, to) in edges.From[at])
                {
                    if (set is null && places.Add(to))
                        reached.Push(to);
                }
            }
            budget.Charge(4L * places.Count, place);
            int[] sorted = [.. places.Order()];
            string key = $"{count}:{string.Join(',', sorted)}";
            if (_known.TryGetValue(key, out int known))
                return known;
            if (_sets.Count >= PlacesMax)
                throw new SchemaException(place, $"the pattern takes more than {PlacesMax} states");
            _sets.Add((sorted, count));
            _known.Add(key, _sets.Count - 1);
            return _sets.Count - 1;
        }
    }
}
