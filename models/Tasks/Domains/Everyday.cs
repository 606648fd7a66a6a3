using System.Text.Json.Nodes;
using Astraea.Models.Tasks.Tools;
using Astraea.Models.Tasks.Words;

namespace Astraea.Models.Tasks.Domains;

/// <summary>Tools as developers like to declare them first: weather of a location, a share price, an e-mail. Names and parameters vary from conversation to conversation.</summary>
internal static class Everyday
{
    private static readonly string[] _locationHints = ["The city and state, e.g. San Francisco, CA", "City name", "The location", "A city", "City and country e.g. Bogota, Colombia"];

    private static readonly string[] _symbols = ["AAPL", "MSFT", "NVDA", "TSLA", "AMZN", "GOOG", "META", "ORCL", "SAP", "NFLX", "INTC", "IBM", "SONY", "SHEL", "NOK"];

    private static readonly string[] _signs = ["Aries", "Taurus", "Gemini", "Cancer", "Leo", "Virgo", "Libra", "Scorpio", "Sagittarius", "Capricorn", "Aquarius", "Pisces"];

    private static readonly string[] _languages = ["French", "German", "Spanish", "Italian", "Polish", "Dutch", "Greek", "Finnish", "Turkish", "Japanese", "Korean", "Danish"];

    private static readonly string[] _currencies = ["USD", "EUR", "GBP", "JPY", "CHF", "SEK", "NOK", "PLN", "CAD", "AUD", "INR", "BRL"];

    private static readonly Shape[] _shapes =
    [
        new(["get_weather", "get_current_weather", "weather", "fetch_weather", "current_weather"], ["Get the current weather in a given location.", "Get the weather for a location.", "Returns the weather of a place.", "Gets current temperature for a given location.", "Get current weather."],
            [new(["location", "city", "place", "location", "city_name"], _locationHints, v => v.City())],
            ["What's the weather like in {0}?", "What is the weather in {0}?", "How's the weather in {0}?", "What's the weather like in {0} today?", "What is the weather like in {0}?", "Weather in {0}, please.", "What's the current weather in {0}?"],
            "weather", ["sunny", "cloudy", "rainy", "18C and clear", "72F", "light rain"]),
        new(["get_stock_price", "stock_price", "get_quote", "share_price"], ["Get the current stock price for a symbol.", "Returns the price of a share.", "Get the latest stock price.", "Price of a stock by ticker."],
            [new(["symbol", "ticker", "stock", "ticker_symbol"], ["The ticker symbol", "Stock symbol, e.g. AAPL"], v => v.Random.Pick(_symbols))],
            ["What is the stock price of {0}?", "How much is {0} trading at?", "Price of {0} stock?", "What does a share of {0} cost?", "What's the stock price of {0}?", "Get me the price of {0}."], "price", ["182.5", "94.2", "410.75", "12.9"]),
        new(["get_time", "get_current_time", "current_time", "time_in"], ["Get the current time in a city.", "Current time for a location.", "Returns the local time.", "Tells the time of a place."],
            [new(["location", "city", "timezone", "place"], ["City name", "The place"], v => v.City())],
            ["What time is it in {0}?", "What's the time in {0}?", "Current time in {0}?", "Tell me the time in {0}.", "What time is it now in {0}?", "How late is it in {0}?"], "time", ["09:41", "17:05", "23:58", "12:30"]),
        new(["get_horoscope", "horoscope", "todays_horoscope"], ["Get today's horoscope for an astrological sign.", "Horoscope of a sign.", "Returns a horoscope."],
            [new(["sign", "zodiac_sign", "star_sign"], ["An astrological sign like Taurus or Aquarius", "The sign"], v => v.Random.Pick(_signs))],
            ["What is my horoscope? I am an {0}.", "What's the horoscope for {0}?", "Horoscope for {0}?", "Tell me the horoscope of {0}.", "What is the horoscope for {0}?", "I am a {0}. What is my horoscope?"], "horoscope", ["calm", "a good day", "be patient", "luck in small things"]),
        new(["get_delivery_date", "delivery_date", "track_order", "order_status"], ["Get the delivery date for a customer's order.", "When an order is delivered.", "Track an order.", "Delivery date of an order."],
            [new(["order_id", "order", "id"], ["The customer's order ID.", "Order number"], v => v.Code())],
            ["When will my order {0} arrive?", "Where is my order {0}?", "Delivery date of order {0}?", "Track order {0}.", "When does my order {0} arrive?", "My order is {0}. When do I get it?"], "delivery", ["2026-03-04", "tomorrow", "in 3 days", "Friday"]),
        new(["get_exchange_rate", "exchange_rate", "convert_currency", "fx_rate"], ["Get the exchange rate between two currencies.", "Rate from one currency to another.", "Returns an exchange rate."],
            [new(["from", "base_currency", "source", "from_currency"], ["Currency code"], v => v.Random.Pick(_currencies)), new(["to", "target_currency", "target", "to_currency"], ["Currency code"], v => v.Random.Pick(_currencies))],
            ["What is the exchange rate from {0} to {1}?", "How much is one {0} in {1}?", "Rate of {0} to {1}?", "Convert {0} to {1}.", "What's the exchange rate from {0} to {1}?", "I need the rate from {0} to {1}."], "rate", ["1.09", "0.84", "148.2", "11.3"]),
        new(["translate", "translate_text", "translation"], ["Translate text into a language.", "Translates a text.", "Translate a phrase."],
            [new(["text", "phrase", "input"], ["Text to translate"], v => v.Sentence(2, 5)), new(["language", "target_language", "to"], ["Language to translate into"], v => v.Random.Pick(_languages))],
            ["Translate \"{0}\" to {1}.", "How do I say \"{0}\" in {1}?", "Please translate \"{0}\" into {1}.", "\"{0}\" in {1}, please.", "Translate \"{0}\" into {1}.", "What is \"{0}\" in {1}?"], "translation", ["buna dorel", "tiva lamora", "hesk olan", "mirte"]),
        new(["search", "search_web", "web_search", "search_documents", "search_knowledge_base"], ["Search the web.", "Search documents for a query.", "Finds pages about something.", "Query a knowledge base."],
            [new(["query", "q", "search_query"], ["What to search for", "The user's question or search query"], v => v.Sentence(2, 5))],
            ["Search for {0}.", "Look up {0}.", "Find something about {0}.", "Do a search for {0}.", "Please search for {0}.", "Search the web for {0}."], "best hit", ["page 4", "the handbook", "a note of May", "chapter 2"]),
        new(["send_email", "send_mail", "email", "send_message"], ["Send an email to a given recipient.", "Sends a message to somebody.", "Send a mail."],
            [new(["to", "recipient", "address"], ["The recipient", "Email address"], v => $"{v.Invented()}@example.com"), new(["subject", "title"], ["Subject line"], v => v.Sentence(1, 3)), new(["body", "text", "message"], ["Body of the message"], v => v.Sentence(3, 7))],
            ["Send an email to {0} with the subject \"{1}\" saying \"{2}\".", "Write to {0}, subject \"{1}\": \"{2}\"", "Email {0} about \"{1}\": \"{2}\"", "Mail {0} with subject \"{1}\" and text \"{2}\".", "Send an email to {0}, subject \"{1}\", saying \"{2}\".",
                "Please write an email to {0} with the subject \"{1}\" and the text \"{2}\"."], "status", ["sent", "queued", "delivered"]),
        new(["set_timer", "start_timer", "timer"], ["Set a timer.", "Starts a timer of some minutes.", "Set a timer for a number of minutes."],
            [new(["minutes", "duration", "length"], ["Minutes"], v => v.Random.Between(1, 240), "integer")],
            ["Set a timer for {0} minutes.", "Start a {0} minute timer.", "Wake me in {0} minutes.", "Timer, {0} minutes.", "Please set a timer for {0} minutes.", "I need a timer of {0} minutes."], "timer", ["running", "set", "started"]),
        new(["get_user", "get_customer", "lookup_user", "find_contact"], ["Look up a user by name.", "Get a contact.", "Returns the e-mail of a person.", "Find a person's contact."],
            [new(["name", "user", "person", "customer_name"], ["Full name"], v => v.Person())],
            ["What is the contact of {0}?", "Look up {0}.", "How do I reach {0}?", "Find the contact of {0}.", "What's the contact of {0}?", "I want to reach {0}."], "contact", ["desk 4", "line 312", "room 7", "extension 90"]),
        new(["get_flight_status", "flight_status", "check_flight"], ["Get the status of a flight.", "Status of a flight by number.", "Checks a flight."],
            [new(["flight_number", "flight", "number"], ["Flight number, e.g. LH438"], v => v.Letters(2) + v.Digits(3))],
            ["What is the status of flight {0}?", "Is flight {0} on time?", "Check flight {0}.", "How is flight {0} doing?", "What's the status of flight {0}?", "Status of {0}?"], "status", ["on time", "delayed", "landed", "boarding"]),
    ];

    public static void One(TaskScript s)
    {
        Shape shape = s.Random.Pick(_shapes);
        s.Others = [.. s.Others.Where(other => other.Name is "calculate" or "search_file" or "add_days")];
        ToolParameter[] parameters = [.. shape.Slots.Select(slot => new ToolParameter(s.Random.Pick(slot.Names), slot.Type, s.Random.Chance(60) ? s.Random.Pick(slot.Hints) : null))];
        bool unit = shape.Label == "weather" && s.Random.Chance(50);
        string field = s.Random.Chance(70) ? Naming.Safe(shape.Label) : s.Random.Pick("result", "value");
        string name = s.Random.Pick(shape.Names), found = s.Random.Pick(shape.Results);
        s.Offer(new AgentTool(name, s.Random.Pick(shape.Descriptions),
            unit ? [.. parameters, new ToolParameter("unit", "string", null, ["celsius", "fahrenheit"], Required: false)] : [.. parameters], (_, _) => new JsonObject { [field] = found }));
        if (s.Random.Chance(50))
            s.Offer(Stranger(s, shape));
        JsonNode[] values = [.. shape.Slots.Select(slot => slot.Draw(s.Values))];
        string asked = s.Values.Say(shape.Wordings, [.. values.Select(value => (object)Calls.Show(value))]);
        (string, JsonNode?)[] arguments = [.. parameters.Select((parameter, i) => (parameter.Name, (JsonNode?)values[i]))];
        if (unit && s.Random.Chance(50))
        {
            string wanted = s.Random.Pick("celsius", "fahrenheit");
            asked = $"{asked[..^1]} in {wanted}{asked[^1]}";
            arguments = [.. arguments, ("unit", wanted)];
        }
        s.User(asked);
        s.Answer($"The {shape.Label} is {Calls.Show(s.Call(name, arguments)[field])}.");
    }

    private static AgentTool Stranger(TaskScript s, Shape shape)
    {
        Shape other;
        do
            other = s.Random.Pick(_shapes);
        while (other == shape);
        return new AgentTool(s.Random.Pick(other.Names), s.Random.Pick(other.Descriptions),
            [.. other.Slots.Select(slot => new ToolParameter(s.Random.Pick(slot.Names), slot.Type, s.Random.Chance(60) ? s.Random.Pick(slot.Hints) : null))],
            (_, _) => ToolBox.Error("not here"));
    }

    private sealed record Slot(string[] Names, string[] Hints, Func<Values, JsonNode> Draw, string Type = "string");

    private sealed record Shape(string[] Names, string[] Descriptions, Slot[] Slots, string[] Wordings, string Label, string[] Results);
}
