using System.Globalization;
using Astraea.Models.Tasks.Words;

namespace Astraea.Models.Tasks.Demo;

/// <summary>What the demo's tools know: a world that follows from a salt. Salt 0 is the demo's own, where the facts of known cities are true.</summary>
internal sealed class DemoData(ulong salt, bool heldOut)
{
    private static readonly string[] _skies = ["sunny", "cloudy", "rainy", "windy", "foggy", "snowy", "stormy", "clear"];

    private static readonly string[] _currencies = ["euro", "krone", "pound", "yen", "dollar", "peso", "dinar", "rupee", "franc", "lira", "won", "zloty"];

    public (int Temperature, string Sky, int Wind) Weather(string city)
    {
        TaskRandom random = Of("weather", city);
        return (random.Between(-12, 38), random.Pick(_skies), random.Between(0, 70));
    }

    /// <summary>Facts of a city; the population in thousands.</summary>
    public (string Country, int Population, string Currency) Facts(string city)
    {
        if (salt == 0 && CityFacts.Known.TryGetValue(city, out var known))
            return known;
        TaskRandom random = Of("facts", city);
        return (new Values(random, heldOut).Name(), random.Between(20, 20000), random.Pick(_currencies));
    }

    public (int Quantity, decimal Price, string Shelf) Stock(string item)
    {
        TaskRandom random = Of("stock", item);
        decimal price = random.Between(1, 400) * random.Pick(0.05m, 0.25m, 0.5m, 1m);
        return (random.Between(0, 250), Expression.Plain(price), $"{random.Pick("A", "B", "C", "D", "E")}-{random.Between(1, 60)}");
    }

    /// <summary>The lines of a small text file.</summary>
    public string[] Lines(string file)
    {
        TaskRandom random = Of("file", file);
        var values = new Values(random, heldOut);
        var lines = new string[random.Between(5, 40)];
        for (int i = 0; i < lines.Length; i++)
            lines[i] = values.Sentence(3, 8);
        return lines;
    }

    public (string Trip, string Departs, int Price)[] Trips(string from, string to, string date)
    {
        TaskRandom random = Of("trips", $"{from}|{to}|{date}");
        var trips = new (string, string, int)[random.Between(2, 3)];
        int minutes = random.Between(300, 500);
        for (int i = 0; i < trips.Length; i++)
        {
            trips[i] = ($"TR-{random.Between(1000, 9999)}", string.Create(CultureInfo.InvariantCulture, $"{minutes / 60:00}:{minutes % 60:00}"), random.Between(9, 180));
            minutes += random.Between(40, 300);
        }
        return trips;
    }

    public (string Booking, string Seat) Booking(string trip, string passenger)
    {
        TaskRandom random = Of("booking", $"{trip}|{passenger}");
        var values = new Values(random, heldOut);
        return ($"BK-{values.Letters(2)}{values.Digits(4)}", $"{random.Between(1, 40)}{random.Pick("A", "B", "C", "D")}");
    }

    private TaskRandom Of(string subject, string key) => new(StableHash.Of(subject + ":" + key.ToUpperInvariant(), salt));
}
