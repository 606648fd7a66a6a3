using System.Collections.Immutable;
using System.Text.Json;
using Astraea.Contracts.Text;
using Astraea.Models.Tasks;
using Astraea.Worker.Engine;
using Astraea.Worker.Models.Text;
using Astraea.Worker.Models.Transformer;

namespace Astraea.Models.Tests;

/// <summary>What the training script writes is what the engine reads. The samples come from Goldens/make.py.</summary>
public sealed class SpeckTests
{
    private static readonly string _goldens = Path.Combine(AppContext.BaseDirectory, "Goldens");
    private static readonly ModelText _text = ModelText.Load(Path.Combine(_goldens, "speck"));
    private static readonly JsonElement _samples = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_goldens, "samples.json"))).RootElement;

    [Fact]
    public void The_tokenizer_gives_the_ids_the_training_gave()
    {
        foreach (JsonElement sample in _samples.GetProperty("samples").EnumerateArray())
        {
            (string Text, ChatPart Part)[] parts = [.. sample.GetProperty("parts").EnumerateArray().Select(part => (part[0].GetString()!, (ChatPart)part[1].GetInt32()))];
            var ids = new List<int>();
            var learnt = new List<int>();
            for (int i = 0; i < parts.Length;)
            {
                if (parts[i].Part == ChatPart.Output)
                {
                    ImmutableArray<int> own = _text.Tokenizer.Encode(parts[i++].Text, parseAdded: true);
                    learnt.AddRange(Enumerable.Range(ids.Count, own.Length));
                    ids.AddRange(own);
                    continue;
                }
                int from = i;
                while (i < parts.Length && parts[i].Part != ChatPart.Output)
                    i++;
                _text.Tokenizer.Encode([.. parts[from..i].Select(part => (part.Text, part.Part == ChatPart.Template))], ids);
            }
            Assert.Equal(Numbers(sample.GetProperty("ids")), ids);
            Assert.Equal(Numbers(sample.GetProperty("learnt")), learnt);
            Assert.Equal(string.Concat(parts.Select(part => part.Text)), _text.Tokenizer.Decode(ids.ToArray(), keepSpecial: true));
        }
    }

    [Fact]
    public void The_server_renders_a_conversation_into_the_tokens_that_were_trained()
    {
        var generator = new TaskGenerator(5, TaskSplit.Train);
        for (int index = 0; index < 150; index++)
        {
            AgentTask task = generator.Make(index);
            var items = ImmutableArray.CreateBuilder<ChatItem>();
            if (task.System is not null)
                items.Add(new ChatItem(ChatRole.System, task.System));
            foreach (TaskTurn turn in task.Turns)
            {
                items.Add(new ChatItem(ChatRole.User, turn.User));
                foreach (ToolRound round in turn.Rounds)
                {
                    items.Add(new ChatItem(ChatRole.Assistant, "", OutputTokens: _text.Tokenizer.Encode(ChatText.Calls(round.Calls) + ChatText.End, parseAdded: true)));
                    items.AddRange(round.Results.Select((result, i) => new ChatItem(ChatRole.Tool, result, CallId: $"call_{i}")));
                }
                items.Add(new ChatItem(ChatRole.Assistant, "", OutputTokens: _text.Tokenizer.Encode(turn.Answer + ChatText.End, parseAdded: true)));
            }
            ChatItem last = items[^1];
            items.RemoveAt(items.Count - 1);
            string? tools = task.Tools.Tools.IsEmpty ? null : task.Tools.Declarations().ToJsonString();

            ImmutableArray<int> rendered = _text.Render(new ChatConversation(items.ToImmutable(), tools)).Tokens;

            Assert.Equal(Trained(task), [.. rendered, .. last.OutputTokens]);
        }
    }

    [Fact]
    public void Calls_a_client_sends_back_render_as_the_model_writes_them()
    {
        var task = new TaskGenerator(6, TaskSplit.Train, "weather.parallel").Make(0);
        ToolRound round = task.Turns[0].Rounds[0];
        ImmutableArray<ChatItem> items =
        [
            new ChatItem(ChatRole.System, task.System ?? "x"), new ChatItem(ChatRole.User, task.Turns[0].User),
            new ChatItem(ChatRole.Assistant, "", [.. round.Calls.Select((call, i) => new Core.Lifecycle.ToolCall($"call_{i}", call.Name, call.Arguments))]),
            .. round.Results.Select((result, i) => new ChatItem(ChatRole.Tool, result, CallId: $"call_{i}")),
        ];
        string rendered = _text.Tokenizer.Decode(_text.Render(new ChatConversation(items, task.Tools.Declarations().ToJsonString())).Tokens.AsSpan(), keepSpecial: true);
        string trained = string.Concat(ChatText.Render(task with { System = task.System ?? "x" }).Select(part => part.Text));
        Assert.StartsWith(rendered, trained, StringComparison.Ordinal);
    }

    [Fact]
    public void The_engine_reads_the_written_weights_and_goes_on_as_the_trained_model_does()
    {
        using CpuModel model = CpuModel.Load(Path.Combine(_goldens, "speck"));
        using var runner = new CpuModelRunner(model, kvBlocks: 128);
        List<int> ids = Numbers(_samples.GetProperty("prompt"));
        List<int> greedy = Numbers(_samples.GetProperty("greedy"));
        double[] best = [.. _samples.GetProperty("logprobs").EnumerateArray().Select(value => value.GetDouble())];
        int done = 0;
        for (int i = 0; i < greedy.Count; i++)
        {
            var batch = new StepBatch();
            batch.Add(new StepSequence(ids.GetRange(done, ids.Count - done).ToArray(), done, Enumerable.Range(0, (ids.Count + 15) / 16).ToArray(), WantsLogits: true));
            var logits = new float[model.Shape.Vocabulary];
            runner.Forward(batch, logits);
            double total = Math.Log(logits.Sum(logit => Math.Exp(logit - logits.Max()))) + logits.Max();
            Assert.Equal(greedy[i], Array.IndexOf(logits, logits.Max()));
            Assert.Equal(best[i], logits.Max() - total, 3);
            done = ids.Count;
            ids.Add(greedy[i]);
        }
    }

    [Fact]
    public void The_models_template_is_the_one_the_speck_was_written_with() => Assert.Equal(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "astraea-mini", "chat_template.jinja")), File.ReadAllText(Path.Combine(_goldens, "speck", "chat_template.jinja")));

    private static List<int> Trained(AgentTask task)
    {
        var ids = new List<int>();
        var run = new List<(string, bool)>();
        foreach (var (text, part) in ChatText.Render(task))
        {
            if (part != ChatPart.Output)
            {
                run.Add((text, part == ChatPart.Template));
                continue;
            }
            _text.Tokenizer.Encode(run, ids);
            _text.Tokenizer.Encode(text, parseAdded: true, ids);
            run.Clear();
        }
        return ids;
    }

    private static List<int> Numbers(JsonElement list) => [.. list.EnumerateArray().Select(value => value.GetInt32())];
}
