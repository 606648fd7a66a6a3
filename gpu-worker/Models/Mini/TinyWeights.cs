using System.Buffers.Binary;
using System.Text.Json;

namespace Astraea.Worker.Models.Mini;

/// <summary>Random weights of the tiny model, a Llama of about 0.9 M parameters, and its <c>config.json</c>.</summary>
/// <remarks>
/// Weights are scaled so that attention looks somewhere and logits spread. The first channel of the residual stream is a constant no layer writes to;
/// through it the output layer prefers letters, so that samples look like text and an answer ends now and then.
/// </remarks>
internal static class TinyWeights
{
    private const int Hidden = 128, Layers = 4, Heads = 4, KvHeads = 2, HeadDim = 32, Intermediate = 384, ContextTokensMax = 8192;
    private const ulong Seed = 0xA57AEA;

    // The constant channel: its value in every embedding, and about what is left of it behind the last norm.
    private const float Constant = 8f;
    private const double ConstantNormed = 3.5;

    private const double LogitDeviation = 0.22;

    private static readonly string[] Architectures = ["LlamaForCausalLM"];

    /// <summary>The content of <c>config.json</c>.</summary>
    public static byte[] ConfigJson() => JsonSerializer.SerializeToUtf8Bytes(
        new SortedDictionary<string, object?>(StringComparer.Ordinal)
        {
            ["architectures"] = Architectures,
            ["attention_bias"] = false,
            ["eos_token_id"] = TinyVocabulary.End,
            ["head_dim"] = HeadDim,
            ["hidden_act"] = "silu",
            ["hidden_size"] = Hidden,
            ["intermediate_size"] = Intermediate,
            ["max_position_embeddings"] = ContextTokensMax,
            ["mlp_bias"] = false,
            ["model_type"] = "llama",
            ["num_attention_heads"] = Heads,
            ["num_hidden_layers"] = Layers,
            ["num_key_value_heads"] = KvHeads,
            ["rms_norm_eps"] = 1e-5,
            ["rope_theta"] = 10000.0,
            ["tie_word_embeddings"] = false,
            ["torch_dtype"] = "float32",
            ["vocab_size"] = TinyVocabulary.Size,
        });

    /// <summary>The content of <c>model.safetensors</c>: a length, a JSON header, and the tensors one after the other, F32 little-endian.</summary>
    public static byte[] SafeTensors()
    {
        List<(string Name, int[] Shape, float[] Values)> tensors = [.. Tensors()];
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            long offset = 0;
            foreach (var (name, shape, values) in tensors)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", "F32");
                WriteNumbers(json, "shape", [.. shape.Select(size => (long)size)]);
                WriteNumbers(json, "data_offsets", [offset, offset + (4L * values.Length)]);
                json.WriteEndObject();
                offset += 4L * values.Length;
            }
            json.WriteEndObject();
        }
        // Blanks bring the data to a multiple of 8, so that it can be mapped.
        while (header.Length % 8 != 0)
            header.WriteByte((byte)' ');
        var file = new byte[8 + header.Length + tensors.Sum(tensor => 4L * tensor.Values.Length)];
        BinaryPrimitives.WriteInt64LittleEndian(file, header.Length);
        header.ToArray().CopyTo(file, 8);
        int at = 8 + (int)header.Length;
        foreach (float value in tensors.SelectMany(tensor => tensor.Values))
        {
            BinaryPrimitives.WriteSingleLittleEndian(file.AsSpan(at), value);
            at += 4;
        }
        return file;
    }

    private static IEnumerable<(string Name, int[] Shape, float[] Values)> Tensors()
    {
        var random = new SplitMix64(Seed);
        double unit = 1 / Math.Sqrt(Hidden);
        yield return ("model.embed_tokens.weight", [TinyVocabulary.Size, Hidden], Column(Random(TinyVocabulary.Size, Hidden, 1), Hidden, _ => Constant));
        for (int layer = 0; layer < Layers; layer++)
        {
            string at = $"model.layers.{layer}.";
            yield return (at + "input_layernorm.weight", [Hidden], Ones());
            yield return (at + "self_attn.q_proj.weight", [Heads * HeadDim, Hidden], Random(Heads * HeadDim, Hidden, 1.5 * unit));
            yield return (at + "self_attn.k_proj.weight", [KvHeads * HeadDim, Hidden], Random(KvHeads * HeadDim, Hidden, 1.5 * unit));
            yield return (at + "self_attn.v_proj.weight", [KvHeads * HeadDim, Hidden], Random(KvHeads * HeadDim, Hidden, unit));
            yield return (at + "self_attn.o_proj.weight", [Hidden, Heads * HeadDim], KeepConstant(Random(Hidden, Heads * HeadDim, 1.5 * unit), Heads * HeadDim));
            yield return (at + "post_attention_layernorm.weight", [Hidden], Ones());
            yield return (at + "mlp.gate_proj.weight", [Intermediate, Hidden], Random(Intermediate, Hidden, 1.5 * unit));
            yield return (at + "mlp.up_proj.weight", [Intermediate, Hidden], Random(Intermediate, Hidden, unit));
            yield return (at + "mlp.down_proj.weight", [Hidden, Intermediate], KeepConstant(Random(Hidden, Intermediate, 1 / Math.Sqrt(Intermediate)), Intermediate));
        }
        yield return ("model.norm.weight", [Hidden], Ones());
        yield return ("lm_head.weight", [TinyVocabulary.Size, Hidden],
            Column(Random(TinyVocabulary.Size, Hidden, LogitDeviation), Hidden, id => (float)(Preference(id) / ConstantNormed)));

        float[] Random(int rows, int columns, double deviation)
        {
            var values = new float[rows * columns];
            for (int i = 0; i < values.Length; i++)
                values[i] = (float)(random.NextBell() * deviation);
            return values;
        }
    }

    /// <summary>How much a token's logit is raised or lowered: letters and blanks lead, bytes that are no text stay out.</summary>
    private static double Preference(int id) => id switch
    {
        TinyVocabulary.End => -3,
        ' ' => 1.5,
        >= 'a' and <= 'z' => 0,
        '.' or ',' or '\n' => -3,
        >= '!' and <= '~' => -7,
        _ => -14,
    };

    private static float[] Ones() => [.. Enumerable.Repeat(1f, Hidden)];

    private static float[] Column(float[] values, int columns, Func<int, float> first)
    {
        for (int row = 0; row < values.Length / columns; row++)
            values[row * columns] = first(row);
        return values;
    }

    /// <summary>A layer adds nothing to the constant channel.</summary>
    private static float[] KeepConstant(float[] values, int columns)
    {
        values.AsSpan(0, columns).Clear();
        return values;
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, long[] numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }
}
