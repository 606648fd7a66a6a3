using System.Buffers.Binary;
using System.Text.Json;

namespace Astraea.Bench.Engine.Weights;

/// <summary>A model of Qwen2.5-0.5B's shape with random weights: a Hugging Face folder in bf16, and the same weights as GGUF.</summary>
internal static class RandomModel
{
    public const int Layers = 24, Hidden = 896, Heads = 14, KvHeads = 2, HeadDim = 64, Intermediate = 4864, Vocabulary = 151936, Context = 4096;
    public const double RopeTheta = 1e6;
    public const float Epsilon = 1e-6f;

    /// <summary>Writes whatever is not there yet.</summary>
    public static int WriteAll(Arguments arguments)
    {
        string folder = arguments.Folder;
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), Config());
        string weights = Path.Combine(folder, "model.safetensors");
        if (!File.Exists(weights))
            WriteSafetensors(weights);
        foreach (string format in arguments.Text("gguf", "bf16,q8_0,q4_0").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            string path = GgufPath(folder, format);
            if (!File.Exists(path))
                GgufFile.Write(path, format);
            Console.WriteLine(path);
        }
        return 0;
    }

    /// <summary>Where the GGUF of a format lies.</summary>
    public static string GgufPath(string folder, string format) => Path.Combine(folder, $"random-{format}.gguf");

    /// <summary>The tensors in writing order.</summary>
    public static IEnumerable<RandomTensor> Tensors()
    {
        int queries = Heads * HeadDim, keys = KvHeads * HeadDim;
        yield return new RandomTensor("model.embed_tokens.weight", "token_embd.weight", Vocabulary, Hidden);
        for (int i = 0; i < Layers; i++)
        {
            string ours = $"model.layers.{i}.", theirs = $"blk.{i}.";
            yield return new RandomTensor(ours + "input_layernorm.weight", theirs + "attn_norm.weight", 1, Hidden);
            foreach ((string name, int rows) in ((string, int)[])[("q", queries), ("k", keys), ("v", keys)])
            {
                yield return new RandomTensor($"{ours}self_attn.{name}_proj.weight", $"{theirs}attn_{name}.weight", rows, Hidden);
                yield return new RandomTensor($"{ours}self_attn.{name}_proj.bias", $"{theirs}attn_{name}.bias", 1, rows);
            }
            yield return new RandomTensor(ours + "self_attn.o_proj.weight", theirs + "attn_output.weight", Hidden, queries);
            yield return new RandomTensor(ours + "post_attention_layernorm.weight", theirs + "ffn_norm.weight", 1, Hidden);
            yield return new RandomTensor(ours + "mlp.gate_proj.weight", theirs + "ffn_gate.weight", Intermediate, Hidden);
            yield return new RandomTensor(ours + "mlp.up_proj.weight", theirs + "ffn_up.weight", Intermediate, Hidden);
            yield return new RandomTensor(ours + "mlp.down_proj.weight", theirs + "ffn_down.weight", Hidden, Intermediate);
        }
        yield return new RandomTensor("model.norm.weight", "output_norm.weight", 1, Hidden);
    }

    private static string Config() => JsonSerializer.Serialize(new Dictionary<string, object>
    {
        ["architectures"] = (string[])["Qwen2ForCausalLM"],
        ["hidden_size"] = Hidden,
        ["num_hidden_layers"] = Layers,
        ["num_attention_heads"] = Heads,
        ["num_key_value_heads"] = KvHeads,
        ["intermediate_size"] = Intermediate,
        ["vocab_size"] = Vocabulary,
        ["rope_theta"] = RopeTheta,
        ["rms_norm_eps"] = Epsilon,
        ["tie_word_embeddings"] = true,
        ["max_position_embeddings"] = Context,
        ["hidden_act"] = "silu",
        ["eos_token_id"] = 0,
    });

    private static void WriteSafetensors(string path)
    {
        var header = new Dictionary<string, object>();
        long offset = 0;
        foreach (RandomTensor tensor in Tensors())
        {
            long end = offset + 2L * tensor.Rows * tensor.Columns;
            header.Add(tensor.Name, new { dtype = "BF16", shape = tensor.Rows == 1 ? (int[])[tensor.Columns] : [tensor.Rows, tensor.Columns], data_offsets = (long[])[offset, end] });
            offset = end;
        }
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header);
        using var file = new BufferedStream(File.Create(path), 1 << 20);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        file.Write(length);
        file.Write(json);
        var bytes = new byte[2 * Intermediate];
        foreach (RandomTensor tensor in Tensors())
        {
            foreach (float[] row in tensor.Values())
            {
                for (int i = 0; i < row.Length; i++)
                    BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2 * i), (ushort)(BitConverter.SingleToUInt32Bits(row[i]) >> 16));
                file.Write(bytes.AsSpan(0, 2 * row.Length));
            }
        }
    }
}

/// <summary>A tensor of random weights that bf16 holds exactly; the same on every reading.</summary>
/// <param name="Name">Name in the Hugging Face folder.</param>
/// <param name="GgufName">Name in a GGUF.</param>
/// <param name="Rows">Outputs; 1 for a vector.</param>
/// <param name="Columns">Inputs.</param>
internal sealed record RandomTensor(string Name, string GgufName, int Rows, int Columns)
{
    /// <summary>The rows; the array is used again.</summary>
    public IEnumerable<float[]> Values()
    {
        var row = new float[Columns];
        ulong state = (ulong)GgufName.Length * 0x9E3779B97F4A7C15 + (ulong)GgufName[^8] + (ulong)Rows;
        bool norm = Rows == 1 && Name.EndsWith("norm.weight", StringComparison.Ordinal);
        float scale = 3.4f / MathF.Sqrt(Columns);
        for (int r = 0; r < Rows; r++)
        {
            for (int i = 0; i < Columns; i++)
            {
                state = state * 6364136223846793005 + 1442695040888963407;
                float value = norm ? 1 : ((float)(state >> 40) / (1 << 24) - 0.5f) * scale;
                row[i] = BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value) & 0xFFFF0000);
            }
            yield return row;
        }
    }
}
