namespace Astraea.Worker.Models.Output;

/// <summary>Looks for one text in a stream of characters, each seen once (Knuth, Morris and Pratt 1977).</summary>
internal sealed class PatternMatcher
{
    private readonly string _pattern;
    private readonly int[] _fallback;

    public PatternMatcher(string pattern)
    {
        _pattern = pattern;
        _fallback = new int[pattern.Length + 1];
        _fallback[0] = -1;
        for (int i = 0, k = -1; i < pattern.Length;)
        {
            while (k >= 0 && pattern[i] != pattern[k])
                k = _fallback[k];
            _fallback[++i] = ++k;
        }
    }

    /// <summary>Length of the pattern (characters).</summary>
    public int Length => _pattern.Length;

    /// <summary>How much of the pattern's start the stream ends with (characters).</summary>
    public int Matched { get; private set; }

    /// <summary>Takes a character; true when the pattern is complete with it.</summary>
    public bool Push(char c)
    {
        if (Matched == _pattern.Length)
            Matched = _fallback[Matched];
        while (Matched >= 0 && _pattern[Matched] != c)
            Matched = _fallback[Matched];
        return ++Matched == _pattern.Length;
    }

    /// <summary>Forgets the stream so far.</summary>
    public void Reset() => Matched = 0;
}
