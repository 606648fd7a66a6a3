using System.Globalization;
using System.Text;

namespace Astraea.Models.Tasks.Words;

/// <summary>Draws words, names and numbers. A value belongs to training or to measuring by its hash, never to both.</summary>
internal sealed class Values(TaskRandom random, bool heldOut)
{
    private const int HeldOutOneIn = 5;

    private static readonly string[] _onsets =
    [
        "b", "br", "c", "cl", "d", "dr", "f", "fl", "g", "gr", "h", "j", "k", "kl", "l", "m", "n", "p", "pl", "qu", "r", "s", "sk", "st", "t", "tr", "v", "w", "z", "th", "sh", "",
    ];

    private static readonly string[] _cores = ["a", "e", "i", "o", "u", "ai", "ea", "ou", "y", "oo"];
    private static readonly string[] _codas = ["", "", "", "n", "r", "l", "s", "t", "m", "k", "x", "nd", "rk", "st", "lm", "p"];

    /// <summary>The generator everything is drawn with.</summary>
    public TaskRandom Random => random;

    /// <summary>Whether values of the measured side are drawn.</summary>
    public bool HeldOut => heldOut;

    /// <summary>Whether a value is on this side of the split.</summary>
    public bool Mine(string value) => StableHash.Of(value.ToUpperInvariant(), HeldOutOneIn) % HeldOutOneIn == 0 == heldOut;

    /// <summary>One of a list, on this side of the split.</summary>
    public string Of(IReadOnlyList<string> pool) => Draw(() => random.Pick(pool));

    /// <summary>A sentence of a list with its places filled. Of every five one is for measuring.</summary>
    public string Say(string[] wordings, params object[] values)
    {
        int at;
        do
            at = random.Below(wordings.Length);
        while (wordings.Length >= HeldOutOneIn && at % HeldOutOneIn == HeldOutOneIn - 1 != heldOut);
        return string.Format(CultureInfo.InvariantCulture, wordings[at], values);
    }

    /// <summary>A word nobody uses, in lower case.</summary>
    public string Invented() => Draw(() =>
    {
        var word = new StringBuilder();
        for (int syllables = random.Between(1, 3); syllables > 0 || word.Length < 4; syllables--)
            word.Append(random.Pick(_onsets)).Append(random.Pick(_cores)).Append(random.Pick(_codas));
        return word.ToString();
    });

    /// <summary>A name nobody has.</summary>
    public string Name() => Capital(Invented());

    /// <summary>A city: a real one, or one nobody has heard of.</summary>
    public string City() => random.Below(10) switch
    {
        < 5 => Of(Lexicon.Cities),
        < 7 => Of(Lexicon.TwoWordCities),
        < 9 => Name(),
        _ => Draw(() => random.Pick("New", "Port", "Saint", "Upper", "East") + " " + Name()),
    };

    /// <summary>A person.</summary>
    public string Person() => random.Chance(30) ? Of(Lexicon.FirstNames) : Draw(() => $"{random.Pick(Lexicon.FirstNames)} {Name()}");

    /// <summary>An article of a stock.</summary>
    public string Item() => Draw(() => random.Below(10) switch
    {
        < 6 => $"{random.Pick(Lexicon.Qualities)} {random.Pick(Lexicon.Things)}",
        < 8 => $"{Invented()} {random.Pick(Lexicon.Things)}",
        < 9 => random.Pick(Lexicon.Things),
        _ => Invented(),
    });

    /// <summary>An identifier such as machines give.</summary>
    public string Code() => Draw(() => random.Below(6) switch
    {
        0 => Digits(random.Between(4, 9)),
        1 => $"{Letters(2)}-{Digits(random.Between(3, 6))}",
        2 => $"{Letters(1)}{Digits(random.Between(2, 4))}-{Letters(random.Between(1, 3))}",
        3 => Hex(random.Between(6, 10)),
        4 => $"{Letters(3)}-{Digits(3)}-{Letters(2)}",
        _ => $"{Invented()}-{Digits(2)}",
    });

    /// <summary>A value long enough that only copying gets it right.</summary>
    public string LongCode() => Draw(() => random.Below(4) switch
    {
        0 => Digits(random.Between(12, 20)),
        1 => Hex(random.Between(14, 24)),
        2 => $"{Hex(4)}-{Hex(4)}-{Hex(4)}-{Hex(4)}",
        _ => $"{Letters(3)}-{Digits(6)}-{Letters(2)}-{Digits(5)}",
    });

    /// <summary>A sentence of no meaning, of a few words.</summary>
    public string Sentence(int wordsMin, int wordsMax) => Draw(() =>
    {
        var words = new string[random.Between(wordsMin, wordsMax)];
        for (int i = 0; i < words.Length; i++)
            words[i] = random.Chance(20) ? Invented() : random.Pick(Lexicon.Plain);
        return Capital(string.Join(' ', words));
    });

    /// <summary>The name of a text file.</summary>
    public string File() => Draw(() => $"{(random.Chance(50) ? Invented() : random.Pick(Lexicon.Plain))}{(random.Chance(30) ? Digits(1) : "")}.{random.Pick(Lexicon.Extensions)}");

    /// <summary>A word for what a thing has: known or invented.</summary>
    public string Attribute() => random.Chance(60) ? Of(Lexicon.Attributes) : Invented();

    /// <summary>A word for a thing: known or invented.</summary>
    public string Subject() => random.Chance(60) ? Of(Lexicon.Subjects) : Invented();

    /// <summary>Several values that differ.</summary>
    public static string[] Distinct(int count, Func<string> draw)
    {
        var values = new List<string>(count);
        while (values.Count < count)
        {
            string value = draw();
            if (!values.Contains(value))
                values.Add(value);
        }
        return [.. values];
    }

    public string Digits(int count) => Characters(count, "0123456789");

    public string Letters(int count) => Characters(count, "ABCDEFGHJKLMNPQRSTUVWXYZ");

    public static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];

    private string Hex(int count) => Characters(count, "0123456789abcdef");

    private string Characters(int count, string from) => string.Create(count, (random, from), static (text, source) =>
    {
        for (int i = 0; i < text.Length; i++)
            text[i] = source.from[source.random.Below(source.from.Length)];
    });

    private string Draw(Func<string> draw)
    {
        string value;
        do
            value = draw();
        while (!Mine(value));
        return value;
    }
}
