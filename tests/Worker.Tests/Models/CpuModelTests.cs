using System.Text.Json;
using Astraea.Worker.Kernels;
using Astraea.Worker.Models.Transformer;
using Astraea.Worker.Models.Weights;

namespace Astraea.Worker.Tests.Models;

public sealed class CpuModelTests
{
    private static readonly TestModelFolder.Sizes Small = new("LlamaForCausalLM", 16, 2, 1, 8, 24, 40, Tied: false);

    [Fact]
    public void A_model_in_shards_is_the_model_in_one_file()
    {
        using var whole = new TestModelFolder(Small);
        using var shards = new TestModelFolder(Small);
        TestTensor[] tensors = [.. Small.Tensors(seed: 1)];
        File.Delete(Path.Combine(shards.Path, "model.safetensors"));
        shards.WriteWeights("a.safetensors", tensors.Where((_, i) => i % 2 == 0));
        shards.WriteWeights("b.safetensors", tensors.Where((_, i) => i % 2 == 1));
        WriteIndex(shards, tensors.Select((t, i) => (t.Name, i % 2 == 0 ? "a.safetensors" : "b.safetensors")));
        using CpuModel one = CpuModel.Load(whole.Path), other = CpuModel.Load(shards.Path);
        Assert.Equal(one.WeightsDigest, other.WeightsDigest);
        Assert.Equal(Logits(one), Logits(other));
    }

    [Theory]
    [InlineData("../model.safetensors", "must be the name of a file of the folder, but is \"../model.safetensors\"")]
    [InlineData("sub\\model.safetensors", "must be the name of a file of the folder")]
    [InlineData("..", "must be the name of a file of the folder")]
    [InlineData("absent.safetensors", "absent.safetensors: cannot be read")]
    [InlineData("empty.safetensors", "should lie in 'empty.safetensors', but does not")]
    public void A_shard_index_that_leads_nowhere_is_refused(string shard, string message)
    {
        using var folder = new TestModelFolder(Small);
        folder.WriteWeights("empty.safetensors", []);
        WriteIndex(folder, [("model.norm.weight", shard)]);
        AssertRefused(folder, message);
    }

    [Fact]
    public void Half_precision_weights_are_widened_exactly()
    {
        // Values that both short formats hold exactly, so that all three folders are the same model with different bytes.
        using var f32 = new TestModelFolder(Small);
        using var f16 = new TestModelFolder(Small);
        using var bf16 = new TestModelFolder(Small);
        TestTensor[] tensors = [.. Small.Tensors(seed: 2).Select(t => TestTensor.F32(t.Name, t.Shape, Steps(t.Bytes)))];
        f32.WriteWeights("model.safetensors", tensors);
        f16.WriteWeights("model.safetensors", tensors.Select(t => Shorten(t, "F16", v => BitConverter.HalfToUInt16Bits((Half)v))));
        bf16.WriteWeights("model.safetensors", tensors.Select(t => Shorten(t, "BF16", v => (ushort)(BitConverter.SingleToUInt32Bits(v) >> 16))));
        using CpuModel a = CpuModel.Load(f32.Path), b = CpuModel.Load(f16.Path), c = CpuModel.Load(bf16.Path);
        Assert.Equal(Logits(a), Logits(b));
        Assert.Equal(Logits(a), Logits(c));

        static Func<float> Steps(byte[] bytes)
        {
            int at = 0;
            return () => MathF.Round(BitConverter.ToSingle(bytes, 4 * at++) * 64) / 64;
        }

        static TestTensor Shorten(TestTensor t, string format, Func<float, ushort> shorten) => t with
        {
            Format = format,
            Bytes = [.. Enumerable.Range(0, t.Bytes.Length / 4).SelectMany(i => BitConverter.GetBytes(shorten(BitConverter.ToSingle(t.Bytes, 4 * i))))],
        };
    }

    [Fact]
    public void The_digest_tells_apart_any_weight_and_any_setting()
    {
        using var folder = new TestModelFolder(Small);
        using CpuModel first = CpuModel.Load(folder.Path);
        Assert.Matches("^[0-9a-f]{32}$", first.WeightsDigest);
        TestTensor[] tensors = [.. Small.Tensors(seed: 1)];
        tensors[^1].Bytes[0] ^= 1;
        folder.WriteWeights("model.safetensors", tensors);
        using CpuModel second = CpuModel.Load(folder.Path);
        Dictionary<string, object?> config = Small.Config();
        config["rope_theta"] = 10001.0;
        folder.WriteConfig(config);
        using CpuModel third = CpuModel.Load(folder.Path);
        Assert.Equal(3, new HashSet<string> { first.WeightsDigest, second.WeightsDigest, third.WeightsDigest }.Count);
    }

    [Fact]
    public void Tensors_that_do_not_fit_the_config_are_refused_by_name()
    {
        TestTensor[] tensors = [.. Small.Tensors(seed: 1)];
        AssertRefused(tensors[1..], "tensor 'model.embed_tokens.weight' is missing");
        AssertRefused([.. tensors, TestTensor.F32("model.layers.0.self_attn.q_proj.bias", [16], () => 0)], "tensor 'model.layers.0.self_attn.q_proj.bias' has no place");
        AssertRefused([.. tensors[1..], TestTensor.F32("model.embed_tokens.weight", [16, 40], () => 0)], "has shape [16, 40], but config.json asks for [40, 16]");
        AssertRefused([.. tensors[1..], new TestTensor("model.embed_tokens.weight", "I32", [40, 16], new byte[40 * 16 * 4])], "is I32; only F32, F16 and BF16");
        int at = 0;
        AssertRefused([.. tensors[1..], TestTensor.F32("model.embed_tokens.weight", [40, 16], () => at++ == 50 ? float.NaN : 1)], "'model.embed_tokens.weight', row 3 holds a value that is not finite");
        using var folder = new TestModelFolder(Small);
        File.Delete(Path.Combine(folder.Path, "model.safetensors"));
        AssertRefused(folder, "model.safetensors: cannot be read");
    }

    [Fact]
    public void Weights_outlive_the_model_while_a_runner_uses_them()
    {
        using var folder = new TestModelFolder(Small);
        CpuModel model = CpuModel.Load(folder.Path);
        float[] before = Logits(model);
        using (var runner = new CpuModelRunner(model, kvBlocks: 1, set: InstructionSet.Scalar))
        {
            model.Dispose();
            Assert.Equal(before, runner.Logits(new[] { 3, 5, 7 }, 0, [0]));
        }
        Assert.Throws<ObjectDisposedException>(() => new CpuModelRunner(model, kvBlocks: 1));
    }

    private static float[] Logits(CpuModel model)
    {
        using var runner = new CpuModelRunner(model, kvBlocks: 1, set: InstructionSet.Scalar);
        return runner.Logits(new[] { 3, 5, 7 }, 0, [0]);
    }

    private static void WriteIndex(TestModelFolder folder, IEnumerable<(string Tensor, string Shard)> map) => File.WriteAllText(
        Path.Combine(folder.Path, "model.safetensors.index.json"),
        JsonSerializer.Serialize(new { weight_map = map.ToDictionary(e => e.Tensor, e => e.Shard) }));

    private static void AssertRefused(TestTensor[] tensors, string message)
    {
        using var folder = new TestModelFolder(Small);
        folder.WriteWeights("model.safetensors", tensors);
        AssertRefused(folder, message);
    }

    private static void AssertRefused(TestModelFolder folder, string message)
    {
        string actual = Assert.Throws<ModelFormatException>(() => CpuModel.Load(folder.Path)).Message;
        Assert.StartsWith(folder.Path, actual, StringComparison.Ordinal);
        Assert.Contains(message, actual, StringComparison.Ordinal);
    }
}
