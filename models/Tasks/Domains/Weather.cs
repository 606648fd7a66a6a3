using System.Text.Json.Nodes;
using Astraea.Models.Tasks.Demo;
using Astraea.Models.Tasks.Tools;

namespace Astraea.Models.Tasks.Domains;

/// <summary>Weather and facts of cities.</summary>
internal static class Weather
{
    private static readonly string[] _ask =
    [
        "What is the weather like in {0}?", "What's the weather like in {0}?", "How is the weather in {0}?", "Weather in {0}?", "Tell me the weather in {0}.", "What is it like outside in {0}?",
        "What's the weather in {0} today?", "Is it nice in {0} right now?", "I am going to {0}. What is the weather there?", "Could you check the weather in {0}?", "What's the weather like today in {0}?",
    ];

    private static readonly string[] _temperature =
    [
        "How warm is it in {0}?", "How many degrees is it in {0}?", "How cold is it in {0}?", "Temperature in {0}?", "What is the temperature in {0}?", "Tell me how warm it is in {0}.",
    ];

    private static readonly string[] _followUps = ["And in {0}?", "What about {0}?", "And {0}?", "How about {0}?", "And what about {0}?", "{0}?"];

    public static void One(TaskScript s, DemoTools t)
    {
        s.Offer(t.GetWeather);
        string city = s.Values.City();
        s.User(_ask, city);
        Say(s, s.Call("get_weather", ("city", city)));
    }

    public static void Temperature(TaskScript s, DemoTools t)
    {
        s.Offer(t.GetWeather);
        string city = s.Values.City();
        s.User(_temperature, city);
        s.Answer($"It is {Calls.Show(s.Call("get_weather", ("city", city))["temperature"])} degrees in {city}.");
    }

    public static void FollowUp(TaskScript s, DemoTools t)
    {
        One(s, t);
        for (int more = s.Random.Between(1, 2); more > 0; more--)
        {
            string city = s.Values.City();
            s.User(_followUps, city);
            Say(s, s.Call("get_weather", ("city", city)));
        }
    }

    public static void Parallel(TaskScript s, DemoTools t)
    {
        s.Offer(t.GetWeather);
        string[] cities = Words.Values.Distinct(s.Random.Between(2, 3), s.Values.City);
        s.User(["What is the weather in {0}?", "How is the weather in {0}?", "Compare the weather in {0}.", "Tell me the weather in {0}.", "What's the weather like in {0}?", "Weather in {0}, please."], List(cities));
        JsonNode[] results = s.Together([.. cities.Select(city => ("get_weather", ((string, JsonNode?)[])[("city", city)]))]);
        s.Answer(string.Join("; ", results.Select((result, i) => $"{cities[i]}: {Calls.Show(result["temperature"])} degrees, {Calls.Show(result["sky"])}")) + ".");
    }

    public static void Mean(TaskScript s, DemoTools t)
    {
        s.Offer(t.GetWeather, t.Calculate);
        string[] cities = Words.Values.Distinct(s.Random.Between(2, 3), s.Values.City);
        s.User(["What is the mean temperature of {0}?", "What is the average temperature of {0}?", "Work out the mean temperature in {0}.", "On average, how warm is it in {0}?",
            "How warm is it in {0} on average?", "Average temperature of {0}?"], List(cities));
        JsonNode[] results = s.Together([.. cities.Select(city => ("get_weather", ((string, JsonNode?)[])[("city", city)]))]);
        string sum = string.Join(" + ", results.Select(result => Calls.Show(result["temperature"])));
        s.Answer($"The mean is {Calls.Show(s.Call("calculate", ("expression", $"({sum}) / {cities.Length}"))["result"])} degrees.");
    }

    public static void Fahrenheit(TaskScript s, DemoTools t)
    {
        s.Offer(t.GetWeather, t.ConvertUnits);
        string city = s.Values.City();
        s.User(["How warm is it in {0}, in Fahrenheit?", "What is the temperature in {0} in Fahrenheit?", "Temperature in {0} in degrees Fahrenheit?", "Tell me in Fahrenheit how warm it is in {0}.",
            "In Fahrenheit, how cold is it in {0}?", "How many degrees Fahrenheit is it in {0}?"], city);
        JsonNode celsius = s.Call("get_weather", ("city", city));
        JsonNode result = s.Call("convert_units", ("value", celsius["temperature"]!.DeepClone()), ("from", "C"), ("to", "F"));
        s.Answer($"It is {Calls.Show(result["value"])} degrees Fahrenheit in {city}.");
    }

    public static void Facts(TaskScript s, DemoTools t)
    {
        s.Offer(t.GetCityFacts);
        string city = s.Values.City();
        Fact(s, city, s.Random.Below(3), s.Call);
    }

    public static void FactsThenMore(TaskScript s, DemoTools t)
    {
        s.Offer(t.GetCityFacts, t.GetWeather);
        string city = s.Values.City();
        JsonNode? known = null;
        int[] order = s.Random.Shuffled([0, 1, 2]);
        foreach (int fact in order.Take(s.Random.Between(2, 3)))
            Fact(s, city, fact, (tool, arguments) => known ??= s.Call(tool, arguments));
        if (s.Random.Chance(50))
        {
            s.User(_ask, city);
            Say(s, s.Call("get_weather", ("city", city)));
        }
    }

    public static void Failing(TaskScript s, DemoTools t)
    {
        string city = s.Values.City();
        s.Offer(s.Random.Below(3) switch
        {
            0 => Faults.Once(t.GetWeather),
            1 => Faults.Always(t.GetWeather, Faults.Temporary),
            _ => Faults.Always(t.GetWeather, s.Random.Pick("unknown city", "unknown city: " + city, "no station near " + city, "service closed", "quota used up")),
        });
        s.User(_ask, city);
        JsonNode result = Calls.Stubborn(s, "get_weather", ("city", city));
        if (result["error"] is null)
            Say(s, result);
        else
            s.Apologise(result);
    }

    public static string List(string[] names) => string.Join(", ", names[..^1]) + " and " + names[^1];

    private static void Fact(TaskScript s, string city, int fact, Func<string, (string, JsonNode?)[], JsonNode> facts)
    {
        string[][] asked =
        [
            ["Which country is {0} in?", "In which country is {0}?", "Where is {0}?", "What country does {0} belong to?", "To which country does {0} belong?", "Tell me the country of {0}."],
            ["How many people live in {0}?", "How many inhabitants has {0}?", "How big is {0}?", "Population of {0}?", "What is the population of {0}?", "Tell me the population of {0}."],
            ["What do people pay with in {0}?", "Which currency is used in {0}?", "Which money do I need in {0}?", "Currency of {0}?", "What is the currency in {0}?", "Tell me the currency of {0}."],
        ];
        s.User(asked[fact], city);
        JsonNode result = facts("city_facts", [("city", city)]);
        s.Answer(fact switch
        {
            0 => $"{city} is in {Calls.Show(result["country"])}.",
            1 => $"{city} has {Calls.Show(result["population"])} inhabitants.",
            _ => $"The currency in {city} is the {Calls.Show(result["currency"])}.",
        });
    }

    private static void Say(TaskScript s, JsonNode result) =>
        s.Answer($"It is {Calls.Show(result["temperature"])} degrees and {Calls.Show(result["sky"])} in {Calls.Show(result["city"])}.");
}
