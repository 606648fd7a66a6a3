namespace Astraea.Core.Scheduling;

/// <summary>One object for each text: pictures that came over the wire bring their own copies of tenants, categories, tools and workers.</summary>
internal sealed class KnownTexts
{
    // Clients may invent categories without end: when full, all are let go and those still in use come back.
    private const int TextsMax = 16_384;

    private readonly Dictionary<string, string> _known = new(StringComparer.Ordinal);

    public string One(string text)
    {
        if (_known.TryGetValue(text, out string? known))
            return known;
        if (_known.Count >= TextsMax)
            _known.Clear();
        _known.Add(text, text);
        return text;
    }
}
