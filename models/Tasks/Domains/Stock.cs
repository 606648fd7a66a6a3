using System.Text.Json.Nodes;
using Astraea.Models.Tasks.Demo;
using Astraea.Models.Tasks.Tools;

namespace Astraea.Models.Tasks.Domains;

/// <summary>A stock of items.</summary>
internal static class Stock
{
    private static readonly string[][] _ask =
    [
        ["How many of item {0} do we have?", "How much {0} is left?", "What is the stock of {0}?", "Quantity of {0}?", "How many {0} are in stock?", "Tell me how many {0} there are."],
        ["What does the {0} cost?", "How much do I pay for a {0}?", "How much is one {0}?", "Price of {0}?", "What is the price of {0}?", "Tell me the price of {0}."],
        ["Where is the {0}?", "On which shelf is the {0}?", "Where do I find {0}?", "Shelf of {0}?", "Which shelf holds the {0}?", "Tell me the shelf of {0}."],
    ];

    private static readonly string[] _orders = ["Order {1} of {0}.", "Please order {1} {0}.", "We need {1} more of {0}. Order them.", "Buy {1} more {0}.", "Get us {1} of {0}.", "I want to order {1} {0}."];

    public static void One(TaskScript s, DemoTools t)
    {
        s.Offer(s.Random.Chance(15) ? Faults.Once(t.CheckStock) : t.CheckStock);
        string item = s.Values.Item();
        int asked = s.Random.Below(3);
        s.User(_ask[asked], item);
        Say(s, item, asked, Calls.Stubborn(s, "check_stock", ("item", item)));
    }

    public static void FollowUp(TaskScript s, DemoTools t)
    {
        s.Offer(t.CheckStock);
        string item = s.Values.Item();
        int[] order = s.Random.Shuffled([0, 1, 2]);
        s.User(_ask[order[0]], item);
        JsonNode result = s.Call("check_stock", ("item", item));
        Say(s, item, order[0], result);
        string[][] more =
        [
            ["And how many are there?", "How many of them?", "And the quantity?", "How many do we have?", "And what is left of it?", "How many are left?"],
            ["And the price?", "What does it cost?", "And how much is it?", "How much is one?", "What do I pay for it?", "And what is the price?"],
            ["And where is it?", "On which shelf?", "And the shelf?", "Where do I find it?", "Which shelf holds it?", "And where do I find it?"],
        ];
        s.User(more[order[1]]);
        Say(s, item, order[1], result);
    }

    public static void Total(TaskScript s, DemoTools t)
    {
        s.Offer(t.CheckStock, t.Calculate);
        string item = s.Values.Item();
        int count = s.Random.Between(2, 99);
        s.User(["What do {1} of {0} cost?", "What is the price of {1} {0}?", "How much are {1} of {0}?", "I buy {1} {0}. What do I pay?", "Total for {1} of {0}?", "What would {1} {0} cost?"], item, count);
        string price = Calls.Show(s.Call("check_stock", ("item", item))["price"]);
        s.Answer($"The total is {Calls.Show(s.Call("calculate", ("expression", $"{price} * {count}"))["result"])}.");
    }

    public static void Basket(TaskScript s, DemoTools t)
    {
        s.Offer(t.CheckStock, t.Calculate);
        string[] items = Words.Values.Distinct(2, s.Values.Item);
        int a = s.Random.Between(2, 20), b = s.Random.Between(2, 20);
        s.User(["What do {0} of {1} and {2} of {3} cost together?", "I take {0} {1} and {2} {3}. What do I pay?", "Total for {0} of {1} and {2} of {3}?", "How much are {0} {1} and {2} {3}?",
            "Price of {0} of {1} plus {2} of {3}?", "What would {0} {1} and {2} {3} cost?"], a, items[0], b, items[1]);
        JsonNode[] results = Both(s, items);
        string sum = $"{a} * {Calls.Show(results[0]["price"])} + {b} * {Calls.Show(results[1]["price"])}";
        s.Answer($"The total is {Calls.Show(s.Call("calculate", ("expression", sum))["result"])}.");
    }

    public static void Parallel(TaskScript s, DemoTools t)
    {
        s.Offer(t.CheckStock);
        string[] items = Words.Values.Distinct(s.Random.Between(2, 3), s.Values.Item);
        s.User(["How many do we have of {0}?", "Stock of {0}?", "How many are left of {0}?", "Check the stock of {0}.", "What are the quantities of {0}?", "Tell me the stock of {0}."], Weather.List(items));
        JsonNode[] results = Both(s, items);
        s.Answer(string.Join("; ", results.Select((result, i) => $"{items[i]}: {Calls.Show(result["quantity"])}")) + ".");
    }

    public static void Order(TaskScript s, DemoTools t)
    {
        s.Offer(t.OrderItem, t.CheckStock);
        string item = s.Values.Item();
        int count = s.Random.Between(2, 120);
        s.User(_orders, item, count);
        JsonNode result = s.Call("order_item", ("item", item), ("quantity", count));
        s.Answer($"The order {Calls.Show(result["order"])} is placed.");
        if (s.Random.Chance(50))
            return;
        s.User(["How many do we have now?", "How many are there now?", "And the new quantity?", "What is the quantity now?", "And how many does that make?", "So how many have we got?"]);
        Say(s, item, 0, s.Call("check_stock", ("item", item)));
    }

    public static void OrderTwice(TaskScript s, DemoTools t)
    {
        s.Offer(t.OrderItem, t.CheckStock);
        string item = s.Values.Item();
        int count = s.Random.Between(2, 120);
        s.User(["Order {1} of {0} and tell me how many we then have.", "Buy {1} {0}, then check the stock.", "Get {1} more {0} and say how many there are afterwards.",
            "Please order {1} {0}, then tell me the quantity.", "Order {1} {0}. How many are there then?", "After ordering {1} of {0}, how many have we got?"], item, count);
        s.Call("order_item", ("item", item), ("quantity", count));
        Say(s, item, 0, s.Call("check_stock", ("item", item)));
    }

    private static JsonNode[] Both(TaskScript s, string[] items) => s.Together([.. items.Select(item => ("check_stock", ((string, JsonNode?)[])[("item", item)]))]);

    private static void Say(TaskScript s, string item, int asked, JsonNode result) => s.Answer(asked switch
    {
        0 => $"There are {Calls.Show(result["quantity"])} of {item}.",
        1 => $"The price of {item} is {Calls.Show(result["price"])}.",
        _ => $"The shelf of {item} is {Calls.Show(result["shelf"])}.",
    });
}
