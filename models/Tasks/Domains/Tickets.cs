using System.Globalization;
using System.Text.Json.Nodes;
using Astraea.Models.Tasks.Demo;

namespace Astraea.Models.Tasks.Domains;

/// <summary>Trips are found, booked and cancelled; what was booked stays booked.</summary>
internal static class Tickets
{
    private static readonly string[] _find =
    [
        "Which trips go from {0} to {1} on {2}?", "Find trips from {0} to {1} on {2}.", "How can I get from {0} to {1} on {2}?", "I want to go from {0} to {1} on {2}.", "What trips are there from {0} to {1} on {2}?",
        "Show me the trips from {0} to {1} on {2}.",
    ];

    private static readonly string[] _cancel = ["Cancel it.", "Please cancel that.", "I can't go. Cancel it.", "Cancel my booking.", "Please cancel it.", "Cancel the booking, please."];

    public static void Find(TaskScript s, DemoTools t)
    {
        Offer(s, t);
        Search(s);
    }

    public static void FindAndBook(TaskScript s, DemoTools t)
    {
        Offer(s, t);
        JsonArray trips = Search(s);
        string passenger = s.Values.Person();
        JsonNode trip = Chosen(s, trips, passenger);
        JsonNode booking = Book(s, trip, passenger);
        if (s.Random.Chance(40))
        {
            s.User(_cancel);
            Cancel(s, Calls.Show(booking["booking"]));
        }
        else if (s.Random.Chance(50))
        {
            s.User(["Which seat do I have?", "What seat is it?", "And the seat?", "Where do I sit?", "Which seat is it?", "My seat?"]);
            s.Answer($"The seat is {Calls.Show(booking["seat"])}.");
        }
    }

    public static void InOneGo(TaskScript s, DemoTools t)
    {
        Offer(s, t);
        var (from, to, date) = Route(s);
        string passenger = s.Values.Person();
        s.User(["Book the first trip from {0} to {1} on {2} for {3}.", "{3} wants to go from {0} to {1} on {2}. Book the first trip.", "Get {3} on the first trip from {0} to {1} on {2}.",
            "Please book {3} on the first trip from {0} to {1} on {2}.", "Book {3} on the first trip from {0} to {1} on {2}.", "On {2}, book the first trip from {0} to {1} for {3}."], from, to, date, passenger);
        JsonNode trip = s.Call("find_trips", ("from", from), ("to", to), ("date", date))["trips"]![0]!;
        Book(s, trip, passenger);
    }

    public static void Several(TaskScript s, DemoTools t)
    {
        Offer(s, t);
        string trip = $"TR-{s.Values.Digits(4)}";
        string[] people = Words.Values.Distinct(s.Random.Between(2, 3), s.Values.Person);
        s.User(["Book trip {0} for {1}.", "Please book {1} on trip {0}.", "Get seats on {0} for {1}.", "{1} want to go on {0}. Book it.", "Book {1} on trip {0}.", "I need seats on {0} for {1}."], trip, Weather.List(people));
        JsonNode[] results = s.Together([.. people.Select(person => ("book_trip", ((string, JsonNode?)[])[("trip", trip), ("passenger", person)]))]);
        s.Answer(string.Join("; ", results.Select((result, i) => $"{people[i]}: booking {Calls.Show(result["booking"])}, seat {Calls.Show(result["seat"])}")) + ".");
    }

    public static void Unknown(TaskScript s, DemoTools t)
    {
        Offer(s, t);
        string booking = $"BK-{s.Values.Letters(2)}{s.Values.Digits(4)}";
        s.User(["Cancel booking {0}.", "Please cancel {0}.", "I can't go, cancel {0}.", "Cancel my booking {0}.", "Please cancel booking {0}.", "Take back booking {0}."], booking);
        s.Apologise(s.Call("cancel_booking", ("booking", booking)));
    }

    private static JsonArray Search(TaskScript s)
    {
        var (from, to, date) = Route(s);
        s.User(_find, from, to, date);
        JsonArray trips = s.Call("find_trips", ("from", from), ("to", to), ("date", date))["trips"]!.AsArray();
        s.Answer(string.Join("; ", trips.Select(trip => $"{Calls.Show(trip!["trip"])} at {Calls.Show(trip["departs"])} for {Calls.Show(trip["price"])}")) + ".");
        return trips;
    }

    private static JsonNode Chosen(TaskScript s, JsonArray trips, string passenger)
    {
        int at = s.Random.Below(trips.Count);
        if (s.Random.Chance(50))
        {
            s.User(["Book the one at {0} for {1}.", "Take the one at {0}, for {1}.", "{1} takes the one at {0}.", "Please book the one at {0} for {1}.", "Book {1} on the one at {0}.", "The one at {0}, please, for {1}."],
                Calls.Show(trips[at]!["departs"]), passenger);
        }
        else
        {
            string which = at == 0 ? "first" : at == 1 ? "second" : "third";
            s.User(["Book the {0} one for {1}.", "Take the {0}, for {1}.", "{1} takes the {0} one.", "Please book the {0} one for {1}.", "Book {1} on the {0} one.", "The {0} one, please, for {1}."], which, passenger);
        }
        return trips[at]!;
    }

    private static JsonNode Book(TaskScript s, JsonNode trip, string passenger)
    {
        JsonNode result = s.Call("book_trip", ("trip", Calls.Show(trip["trip"])), ("passenger", passenger));
        s.Answer($"{passenger} is booked: {Calls.Show(result["booking"])}, seat {Calls.Show(result["seat"])}.");
        return result;
    }

    private static void Cancel(TaskScript s, string booking)
    {
        s.Call("cancel_booking", ("booking", booking));
        s.Answer($"The booking {booking} is cancelled.");
    }

    private static void Offer(TaskScript s, DemoTools t) => s.Offer(t.FindTrips, t.BookTrip, t.CancelBooking);

    private static (string From, string To, string Date) Route(TaskScript s)
    {
        string[] cities = Words.Values.Distinct(2, s.Values.City);
        return (cities[0], cities[1], new DateOnly(2025, 1, 1).AddDays(s.Random.Below(1400)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
    }
}
