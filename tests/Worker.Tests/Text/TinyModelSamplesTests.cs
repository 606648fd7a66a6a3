using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Worker.Engine;
using Astraea.Worker.Kernels;
using Astraea.Worker.Models.Mini;
using Astraea.Worker.Models.Transformer;
using Xunit.Abstractions;

namespace Astraea.Worker.Tests.Text;

public sealed class TinyModelSamplesTests(ITestOutputHelper log) : IDisposable
{
    private readonly CpuModel _model = Load();

    public void Dispose() => _model.Dispose();

    [Theory]
    [InlineData(0, 8)]
    [InlineData(1, 14)]
    public void Model_writes_varied_text(double temperature, int distinctMin)
    {
        string[] texts = [.. ((string[])["Hello", "What is the weather?", "Go on."]).Select((prompt, seed) => Generate(prompt, 200, new Sampling(temperature, Seed: (ulong)seed)))];
        foreach (string text in texts)
        {
            log.WriteLine(text);
            Assert.True(text.Distinct().Count() >= distinctMin, text);
            Assert.DoesNotContain('\uFFFD', text);
        }
        Assert.Equal(texts.Length, texts.Distinct().Count());
    }

    private string Generate(string prompt, int count, Sampling sampling)
    {
        using var runner = new CpuModelRunner(_model, kvBlocks: 32);
        int[] blocks = [.. Enumerable.Range(0, 32)];
        int[] rows = [.. TinyModelFolder.Text.Render(new ChatConversation([new ChatItem(ChatRole.User, prompt)], null)).Tokens];
        var output = new List<int>();
        var logits = new float[runner.Shape.Vocabulary];
        var sampler = new Sampler();
        int position = 0;
        for (int i = 0; i < count; i++)
        {
            var batch = new StepBatch();
            batch.Add(new StepSequence(rows, position, blocks, WantsLogits: true));
            runner.Forward(batch, logits);
            position += rows.Length;
            output.Add(sampler.Sample(logits, sampling, 0, i, output.ToArray()));
            rows = [output[^1]];
        }
        return TinyModelFolder.Text.Tokenizer.Decode([.. output], keepSpecial: true);
    }

    private static CpuModel Load()
    {
        _ = TinyModelFolder.Text;
        return CpuModel.Load(Path.Combine(AppContext.BaseDirectory, "models", TinyModel.Name));
    }
}
