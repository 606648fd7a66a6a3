using System.Text.Json.Nodes;
using Astraea.Models.Tasks;
using Astraea.Models.Tasks.Demo;
using Astraea.Models.Tasks.Tools;

namespace Astraea.Models.Tests;

public sealed class TaskGeneratorTests
{
    private static IEnumerable<AgentTask> Tasks(TaskSplit split, int count, ulong seed = 7)
    {
        var generator = new TaskGenerator(seed, split);
        return Enumerable.Range(0, count).Select(index => generator.Make(index));
    }

    [Theory]
    [InlineData(TaskSplit.Train), InlineData(TaskSplit.HeldOut), InlineData(TaskSplit.UnseenTools)]
    public void The_same_seed_split_and_index_give_the_same_task_in_any_order(TaskSplit split)
    {
        var one = new TaskGenerator(3, split);
        var other = new TaskGenerator(3, split);
        string[] forwards = [.. Enumerable.Range(0, 50).Select(index => Text(one.Make(index)))];
        string[] backwards = [.. Enumerable.Range(0, 50).Select(index => Text(other.Make(49 - index)))];
        Assert.Equal(forwards, backwards.Reverse());
        Assert.NotEqual(forwards[0], Text(new TaskGenerator(4, split).Make(0)));
    }

    [Fact]
    public void The_first_tasks_are_the_ones_every_machine_makes() =>
        Assert.Equal("DDE7888C318A3BB5", Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(
            System.Text.Encoding.UTF8.GetBytes(string.Concat(Tasks(TaskSplit.Train, 200, seed: 1).Select(Text)))))[..16]);

    [Fact]
    public void Every_kind_is_made_and_a_wrong_name_is_refused()
    {
        foreach (TaskSplit split in Enum.GetValues<TaskSplit>())
        {
            foreach (string kind in TaskGenerator.KindNames(split))
                Assert.Equal(kind, new TaskGenerator(1, split, kind).Make(0).Kind);
        }
        Assert.Contains("'opera'", Assert.Throws<ArgumentException>(() => new TaskGenerator(1, TaskSplit.Train, "opera")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TaskSplit.Train), InlineData(TaskSplit.HeldOut), InlineData(TaskSplit.UnseenTools)]
    public void Making_the_right_calls_gives_the_results_written_down(TaskSplit split)
    {
        foreach (AgentTask task in Tasks(split, 600))
        {
            var made = new List<ToolCall>();
            foreach (ToolRound round in task.Turns.SelectMany(turn => turn.Rounds))
            {
                foreach (var (call, result) in round.Calls.Zip(round.Results))
                {
                    Assert.Equal(result, task.Tools.Run(call, made));
                    made.Add(call);
                }
            }
            Assert.Equal(task.Tools.Tools.Length, task.Tools.Tools.DistinctBy(tool => tool.Name).Count());
            Assert.All(task.Turns, turn => Assert.DoesNotContain("{", turn.User + turn.Answer, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Right_calls_are_never_refused_as_malformed()
    {
        foreach (AgentTask task in Tasks(TaskSplit.Train, 1500))
        {
            foreach (string result in task.Turns.SelectMany(turn => turn.Rounds).SelectMany(round => round.Results))
                Assert.DoesNotMatch("\"error\": ?\"(missing argument|bad argument|unknown argument|unknown tool|not a date|cannot)", result);
        }
    }

    [Fact]
    public void Tools_and_words_of_the_unseen_split_are_in_no_training_task()
    {
        HashSet<string> trained = [.. Tasks(TaskSplit.Train, 3000).SelectMany(task => task.Tools.Tools).Select(tool => tool.Name)];
        string[] unseen = [.. Tasks(TaskSplit.UnseenTools, 500).SelectMany(task => task.Tools.Tools).Select(tool => tool.Name).Distinct()];
        Assert.True(unseen.Length > 500);
        Assert.Empty(unseen.Intersect(trained));
    }

    [Fact]
    public void What_is_asked_in_the_held_out_split_was_never_asked_in_training()
    {
        HashSet<string> trained = [.. Tasks(TaskSplit.Train, 6000).SelectMany(task => task.Turns).Select(turn => turn.User)];
        string[] held = [.. Tasks(TaskSplit.HeldOut, 500).SelectMany(task => task.Turns).Select(turn => turn.User).Distinct()];
        Assert.Empty(held.Intersect(trained));
    }

    [Fact]
    public void Conversations_stay_short()
    {
        int[] lengths = [.. Tasks(TaskSplit.Train, 1000).Select(task => Text(task).Length).Order()];
        Assert.InRange(lengths[500], 600, 2500);
        Assert.True(lengths[^1] < 6000, $"the longest has {lengths[^1]} characters");
    }

    [Theory]
    [InlineData("1 + 2 * 3", "7"), InlineData("(18 + 12 + 9) / 3", "13"), InlineData("10 / 3", "3.3333"), InlineData("-4 * -2.50", "10"), InlineData("2 - -3", "5")]
    [InlineData("1 / 0", null), InlineData("1 +", null), InlineData("a + 1", null), InlineData("", null), InlineData("79228162514264337593543950335 * 2", null), InlineData("1 2", null)]
    public void Arithmetic_is_worked_out_or_refused(string expression, string? value) =>
        Assert.Equal(value, Expression.Evaluate(expression)?.ToString(System.Globalization.CultureInfo.InvariantCulture));

    [Fact]
    public void A_deep_expression_is_refused() => Assert.Null(Expression.Evaluate(new string('(', 100_000) + "1" + new string(')', 100_000)));

    [Theory]
    [InlineData("get_weather", "{}", "missing argument: city"), InlineData("get_weather", "{\"city\": 5}", "bad argument: city")]
    [InlineData("get_weather", "{\"city\": \"Oslo\", \"x\": 1}", "unknown argument: x"), InlineData("get_weather", "Oslo", "arguments are not a JSON object")]
    [InlineData("get_wether", "{}", "unknown tool: get_wether"), InlineData("add_days", "{\"date\": \"2026-02-30\", \"days\": 1}", "not a date")]
    [InlineData("add_days", "{\"date\": \"2026-02-03\", \"days\": 1e30}", "bad argument: days"), InlineData("add_days", "{\"date\": \"2026-02-03\", \"days\": 2000000000}", "not a date")]
    public void A_wrong_call_is_told_what_is_wrong(string tool, string arguments, string error) =>
        Assert.Equal(error, (string?)JsonNode.Parse(TaskGenerator.DemoToolBox().Run(new ToolCall(tool, arguments), []))!["error"]);

    [Fact]
    public void A_booking_can_be_cancelled_once_and_only_where_it_was_made()
    {
        ToolBox box = TaskGenerator.DemoToolBox();
        var book = new ToolCall("book_trip", """{"trip": "TR-1", "passenger": "Ada"}""");
        string booking = (string)JsonNode.Parse(box.Run(book, []))!["booking"]!;
        var cancel = new ToolCall("cancel_booking", $$"""{"booking": "{{booking}}"}""");
        Assert.Contains("no such booking", box.Run(cancel, []), StringComparison.Ordinal);
        Assert.Contains("cancelled", box.Run(cancel, [book]), StringComparison.Ordinal);
        Assert.Contains("no such booking", box.Run(cancel, [book, cancel]), StringComparison.Ordinal);
        // A call that was refused did not happen.
        Assert.Contains("cancelled", box.Run(cancel, [book, new ToolCall("cancel_booking", """{"booking": 7}""")]), StringComparison.Ordinal);
    }

    [Fact]
    public void The_demo_knows_true_facts()
    {
        string lisbon = TaskGenerator.DemoToolBox().Run(new ToolCall("city_facts", """{"city": "lisbon"}"""), []);
        Assert.Equal("""{"city": "lisbon", "country": "Portugal", "population": 550000, "currency": "euro"}""", lisbon);
    }

    private static string Text(AgentTask task) => string.Concat(ChatText.Render(task).Select(part => part.Text));
}
