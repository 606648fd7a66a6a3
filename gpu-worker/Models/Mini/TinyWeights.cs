using System.Buffers.Binary;
using System.Text.Json;

namespace Astraea.Worker.Models.Mini;

/// <summary>Random weights of a small Llama, and its <c>config.json</c>.</summary>
/// <remarks>
/// Weights are scaled so that attention looks somewhere and logits spread. The first channel of the residual stream is a constant no layer writes to;
/// through it the output layer prefers letters, so that samples look like text and an answer ends now and then.
/// </remarks>
internal sealed class TinyWeights(TinyShape shape)
{
    private const ulong Seed = 0xA57AEA;

    // The constant channel: its value in every embedding, and about what is left of it behind the last norm.
    private const float Constant = 8f;
    private const double ConstantNormed = 3.5;

    private const double LogitDeviation = 0.22;

    private static readonly string[] Architectures = ["LlamaForCausalLM"];

    /// <summary>The content of <c>config.json</c>.</summary>
    public byte[] ConfigJson() => JsonSerializer.SerializeToUtf8Bytes(
        new SortedDictionary<string, object?>(StringComparer.Ordinal)
        {
            ["architectures"] = Architectures,
            ["attention_bias"] = false,
            ["eos_token_id"] = TinyVocabulary.End,
            ["head_dim"] = shape.HeadDim,
            ["hidden_act"] = "silu",
            ["hidden_size"] = shape.Hidden,
            ["intermediate_size"] = shape.Intermediate,
            ["max_position_embeddings"] = shape.ContextTokensMax,
            ["mlp_bias"] = false,
            ["model_type"] = "llama",
            ["num_attention_heads"] = shape.Heads,
            ["num_hidden_layers"] = shape.Layers,
            ["num_key_value_heads"] = shape.KvHeads,
            ["rms_norm_eps"] = 1e-5,
            ["rope_theta"] = 10000.0,
            ["tie_word_embeddings"] = false,
            ["torch_dtype"] = "float32",
            ["vocab_size"] = TinyVocabulary.Size,
        });

    /// <summary>The content of <c>model.safetensors</c>: a length, a JSON header, and the tensors one after the other, F32 little-endian.</summary>
    public byte[] SafeTensors()
    {
        List<(string Name, int[] Shape, float[] Values)> tensors = [.. Tensors()];
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            long offset = 0;
            foreach (var (name, sizes, values) in tensors)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", "F32");
                WriteNumbers(json, "shape", [.. sizes.Select(size => (long)size)]);
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

    private IEnumerable<(string Name, int[] Shape, float[] Values)> Tensors()
    {
        var random = new SplitMix64(Seed);
        double unit = 1 / Math.Sqrt(shape.Hidden);
        yield return ("model.embed_tokens.weight", [TinyVocabulary.Size, shape.Hidden], Column(Random(TinyVocabulary.Size, shape.Hidden, 1), shape.Hidden, _ => Constant));
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            string at = $"model.layers.{layer}.";
            yield return (at + "input_layernorm.weight", [shape.Hidden], Ones());
            yield return (at + "self_attn.q_proj.weight", [shape.Heads * shape.HeadDim, shape.Hidden], Random(shape.Heads * shape.HeadDim, shape.Hidden, 1.5 * unit));
            yield return (at + "self_attn.k_proj.weight", [shape.KvHeads * shape.HeadDim, shape.Hidden], Random(shape.KvHeads * shape.HeadDim, shape.Hidden, 1.5 * unit));
            yield return (at + "self_attn.v_proj.weight", [shape.KvHeads * shape.HeadDim, shape.Hidden], Random(shape.KvHeads * shape.HeadDim, shape.Hidden, unit));
            yield return (at + "self_attn.o_proj.weight", [shape.Hidden, shape.Heads * shape.HeadDim], KeepConstant(Random(shape.Hidden, shape.Heads * shape.HeadDim, 1.5 * unit), shape.Heads * shape.HeadDim));
            yield return (at + "post_attention_layernorm.weight", [shape.Hidden], Ones());
            yield return (at + "mlp.gate_proj.weight", [shape.Intermediate, shape.Hidden], Random(shape.Intermediate, shape.Hidden, 1.5 * unit));
            yield return (at + "mlp.up_proj.weight", [shape.Intermediate, shape.Hidden], Random(shape.Intermediate, shape.Hidden, unit));
            yield return (at + "mlp.down_proj.weight", [shape.Hidden, shape.Intermediate], KeepConstant(Random(shape.Hidden, shape.Intermediate, 1 / Math.Sqrt(shape.Intermediate)), shape.Intermediate));
        }
        yield return ("model.norm.weight", [shape.Hidden], Ones());
        yield return ("lm_head.weight", [TinyVocabulary.Size, shape.Hidden],
            Column(Random(TinyVocabulary.Size, shape.Hidden, LogitDeviation), shape.Hidden, id => (float)(Preference(id) / ConstantNormed)));

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

    private float[] Ones() => [.. Enumerable.Repeat(1f, shape.Hidden)];

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
