using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Astraea.Models.Tasks.Tools;

namespace Astraea.Models.Tasks.Demo;

/// <summary>The fixed tools of the demo over one world.</summary>
internal sealed class DemoTools(DemoData data)
{
    private const string DateFormat = "yyyy-MM-dd";

    public AgentTool Calculate { get; } = new("calculate", "Work out an arithmetic expression.", [Text("expression")], (arguments, _) =>
        Expression.Evaluate(Get(arguments, "expression")) is { } result ? new JsonObject { ["result"] = result } : ToolBox.Error("cannot work out this expression"));

    public AgentTool ConvertUnits { get; } = new("convert_units", "Convert a value from one unit to another.",
        [new("value", "number"), Text("from"), Text("to")], (arguments, _) =>
        Unit.Convert(arguments["value"]!.GetValue<decimal>(), Get(arguments, "from"), Get(arguments, "to")) is { } value
            ? new JsonObject { ["value"] = value, ["unit"] = Get(arguments, "to") }
            : ToolBox.Error("cannot convert these units"));

    public AgentTool AddDays { get; } = new("add_days", "Add days to a date.", [Text("date", "YYYY-MM-DD"), new("days", "integer")], (arguments, _) =>
    {
        if (Date(arguments, "date") is not { } date)
            return ToolBox.Error("not a date");
        long day = (long)date.DayNumber + arguments["days"]!.GetValue<int>();
        return day < 0 || day > DateOnly.MaxValue.DayNumber ? ToolBox.Error("not a date") : Described(DateOnly.FromDayNumber((int)day));
    });

    public AgentTool DaysBetween { get; } = new("days_between", "Count the days from one date to another.", [Text("start", "YYYY-MM-DD"), Text("end", "YYYY-MM-DD")], (arguments, _) =>
        Date(arguments, "start") is { } start && Date(arguments, "end") is { } end
            ? new JsonObject { ["days"] = end.DayNumber - start.DayNumber }
            : ToolBox.Error("not a date"));

    public AgentTool GetWeather { get; } = new("get_weather", "Get the current weather of a city.", [Text("city")], (arguments, _) =>
    {
        var (temperature, sky, wind) = data.Weather(Get(arguments, "city"));
        return new JsonObject { ["city"] = Get(arguments, "city"), ["temperature"] = temperature, ["sky"] = sky, ["wind"] = wind };
    });

    public AgentTool GetCityFacts { get; } = new("city_facts", "Look up country, population and currency of a city.", [Text("city")], (arguments, _) =>
    {
        var (country, population, currency) = data.Facts(Get(arguments, "city"));
        return new JsonObject { ["city"] = Get(arguments, "city"), ["country"] = country, ["population"] = population * 1000, ["currency"] = currency };
    });

    public AgentTool CheckStock { get; } = new("check_stock", "Look up quantity, price and shelf of an item.", [Text("item")], (arguments, before) =>
    {
        string item = Get(arguments, "item");
        var (quantity, price, shelf) = data.Stock(item);
        int ordered = before.Where(call => call.Name == "order_item").Select(call => JsonNode.Parse(call.Arguments)!)
            .Where(order => (string?)order["item"] == item).Sum(order => (int)order["quantity"]!);
        return new JsonObject { ["item"] = item, ["quantity"] = quantity + ordered, ["price"] = price, ["shelf"] = shelf };
    });

    public AgentTool OrderItem { get; } = new("order_item", "Order more of an item.", [Text("item"), new("quantity", "integer")], (arguments, before) => new JsonObject
    {
        ["order"] = $"PO-{10000 + StableHash.Of(Get(arguments, "item") + before.Count) % 90000}",
        ["status"] = "placed",
    });

    public AgentTool SearchFile { get; } = new("search_file", "Find the first line of a text file that has a word.", [Text("file"), Text("word")], (arguments, _) =>
    {
        string[] lines = data.Lines(Get(arguments, "file"));
        int line = Array.FindIndex(lines, text => text.Split(' ').Contains(Get(arguments, "word"), StringComparer.OrdinalIgnoreCase));
        return line < 0 ? ToolBox.Error("no such word") : new JsonObject { ["line"] = line + 1, ["text"] = lines[line] };
    });

    public AgentTool CountLines { get; } = new("count_lines", "Count the lines of a text file.", [Text("file")], (arguments, _) =>
        new JsonObject { ["lines"] = data.Lines(Get(arguments, "file")).Length });

    public AgentTool ReadLine { get; } = new("read_line", "Read one line of a text file.", [Text("file"), new("line", "integer")], (arguments, _) =>
    {
        string[] lines = data.Lines(Get(arguments, "file"));
        int line = arguments["line"]!.GetValue<int>();
        return line >= 1 && line <= lines.Length ? new JsonObject { ["text"] = lines[line - 1] } : ToolBox.Error("no such line");
    });

    public AgentTool FindTrips { get; } = new("find_trips", "Find trips between two cities on a date.", [Text("from"), Text("to"), Text("date", "YYYY-MM-DD")], (arguments, _) =>
        new JsonObject
        {
            ["trips"] = new JsonArray([.. data.Trips(Get(arguments, "from"), Get(arguments, "to"), Get(arguments, "date")).Select(trip =>
                (JsonNode)new JsonObject { ["trip"] = trip.Trip, ["departs"] = trip.Departs, ["price"] = trip.Price })]),
        });

    public AgentTool BookTrip { get; } = new("book_trip", "Book a seat on a trip.", [Text("trip"), Text("passenger")], (arguments, _) =>
    {
        var (booking, seat) = data.Booking(Get(arguments, "trip"), Get(arguments, "passenger"));
        return new JsonObject { ["booking"] = booking, ["seat"] = seat };
    });

    public AgentTool CancelBooking { get; } = new("cancel_booking", "Cancel a booking.", [Text("booking")], (arguments, before) =>
    {
        string booking = Get(arguments, "booking");
        bool booked = before.Where(call => call.Name == "book_trip").Select(call => JsonNode.Parse(call.Arguments)!)
            .Any(call => data.Booking((string)call["trip"]!, (string)call["passenger"]!).Booking == booking);
        bool cancelled = before.Any(call => call.Name == "cancel_booking" && (string?)JsonNode.Parse(call.Arguments)!["booking"] == booking);
        return !booked || cancelled ? ToolBox.Error($"no such booking: {booking}") : new JsonObject { ["booking"] = booking, ["status"] = "cancelled" };
    });

    /// <summary>All of them.</summary>
    public ImmutableArray<AgentTool> All =>
    [
        Calculate, ConvertUnits, AddDays, DaysBetween, GetWeather, GetCityFacts, CheckStock, OrderItem, SearchFile, CountLines, ReadLine, FindTrips, BookTrip, CancelBooking,
    ];

    private static ToolParameter Text(string name, string? description = null) => new(name, "string", description);

    private static string Get(JsonObject arguments, string name) => arguments[name]!.GetValue<string>();

    private static DateOnly? Date(JsonObject arguments, string name) =>
        DateOnly.TryParseExact(Get(arguments, name), DateFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly date) ? date : null;

    private static JsonObject Described(DateOnly date) =>
        new() { ["date"] = date.ToString(DateFormat, CultureInfo.InvariantCulture), ["weekday"] = date.DayOfWeek.ToString() };
}
