using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Astraea.Worker.Tests.Models;

/// <summary>A model folder with small random weights of any size, in a directory of its own that goes away with it.</summary>
internal sealed class TestModelFolder : IDisposable
{
    /// <summary>Sizes that leave tails everywhere: in registers, panels, heads and blocks.</summary>
    public static readonly Sizes[] OddSizes =
    [
        new("LlamaForCausalLM", Hidden: 21, Heads: 3, KvHeads: 1, HeadDim: 10, Intermediate: 37, Vocabulary: 101, Tied: false),
        new("Qwen2ForCausalLM", Hidden: 40, Heads: 5, KvHeads: 5, HeadDim: 8, Intermediate: 7, Vocabulary: 17, Tied: true),
        new("Qwen3ForCausalLM", Hidden: 72, Heads: 30, KvHeads: 1, HeadDim: 18, Intermediate: 530, Vocabulary: 259, Tied: false),
        new("LlamaForCausalLM", Hidden: 530, Heads: 2, KvHeads: 2, HeadDim: 80, Intermediate: 96, Vocabulary: 64, Tied: true),
    ];

    public TestModelFolder(Sizes sizes, int seed = 1)
    {
        Path = Directory.CreateTempSubdirectory("astraea-model-").FullName;
        WriteConfig(sizes.Config());
        WriteWeights("model.safetensors", sizes.Tensors(seed));
    }

    public string Path { get; }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    public void WriteConfig(Dictionary<string, object?> config) => File.WriteAllText(System.IO.Path.Combine(Path, "config.json"), JsonSerializer.Serialize(config));

    public void WriteWeights(string file, IEnumerable<TestTensor> tensors) => File.WriteAllBytes(System.IO.Path.Combine(Path, file), Safetensors(tensors));

    /// <summary>The bytes of a safetensors file.</summary>
    public static byte[] Safetensors(IEnumerable<TestTensor> tensors)
    {
        var header = new Dictionary<string, object> { ["__metadata__"] = new { format = "pt" } };
        var data = new List<byte>();
        foreach (TestTensor tensor in tensors)
        {
            header.Add(tensor.Name, new { dtype = tensor.Format, shape = tensor.Shape, data_offsets = (int[])[data.Count, data.Count + tensor.Bytes.Length] });
            data.AddRange(tensor.Bytes);
        }
        return Raw([.. JsonSerializer.SerializeToUtf8Bytes(header)], [.. data]);
    }

    /// <summary>A safetensors file of a given header.</summary>
    public static byte[] Raw(byte[] header, byte[] data)
    {
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        return [.. length, .. header, .. data];
    }

    public static byte[] Raw(string header, int dataBytes) => Raw(Encoding.UTF8.GetBytes(header), new byte[dataBytes]);

    /// <summary>Sizes of a model of two layers.</summary>
    internal sealed record Sizes(string Architecture, int Hidden, int Heads, int KvHeads, int HeadDim, int Intermediate, int Vocabulary, bool Tied)
    {
        public Dictionary<string, object?> Config() => new()
        {
            ["architectures"] = new[] { Architecture },
            ["hidden_size"] = Hidden,
            ["num_hidden_layers"] = 2,
            ["num_attention_heads"] = Heads,
            ["num_key_value_heads"] = KvHeads,
            ["head_dim"] = HeadDim,
            ["intermediate_size"] = Intermediate,
            ["vocab_size"] = Vocabulary,
            ["rope_theta"] = 10000.0,
            ["rms_norm_eps"] = 1e-5,
            ["tie_word_embeddings"] = Tied,
            ["max_position_embeddings"] = 512,
            ["hidden_act"] = "silu",
            ["eos_token_id"] = new[] { 1, 2 },
        };

        public IEnumerable<TestTensor> Tensors(int seed)
        {
            var random = new Random(seed);
            int queries = Heads * HeadDim, keys = KvHeads * HeadDim;
            yield return New("model.embed_tokens.weight", Vocabulary, Hidden);
            yield return New("model.norm.weight", Hidden);
            for (int i = 0; i < 2; i++)
            {
                string layer = $"model.layers.{i}.";
                yield return New(layer + "input_layernorm.weight", Hidden);
                yield return New(layer + "post_attention_layernorm.weight", Hidden);
                foreach ((string name, int width) in ((string, int)[])[("q", queries), ("k", keys), ("v", keys)])
                {
                    yield return New($"{layer}self_attn.{name}_proj.weight", width, Hidden);
                    if (Architecture.StartsWith("Qwen2", StringComparison.Ordinal))
                        yield return New($"{layer}self_attn.{name}_proj.bias", width);
                    if (Architecture.StartsWith("Qwen3", StringComparison.Ordinal) && name != "v")
                        yield return New($"{layer}self_attn.{name}_norm.weight", HeadDim);
                }
                yield return New(layer + "self_attn.o_proj.weight", Hidden, queries);
                yield return New(layer + "mlp.gate_proj.weight", Intermediate, Hidden);
                yield return New(layer + "mlp.up_proj.weight", Intermediate, Hidden);
                yield return New(layer + "mlp.down_proj.weight", Hidden, Intermediate);
            }
            if (!Tied)
                yield return New("lm_head.weight", Vocabulary, Hidden);

            TestTensor New(string name, params int[] shape) => TestTensor.F32(name, shape, () => (float)(random.NextDouble() - 0.5));
        }
    }
}

/// <summary>A tensor to write.</summary>
internal sealed record TestTensor(string Name, string Format, int[] Shape, byte[] Bytes)
{
    public static TestTensor F32(string name, int[] shape, Func<float> next) =>
        new(name, "F32", shape, [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).SelectMany(_ => BitConverter.GetBytes(next()))]);
}
