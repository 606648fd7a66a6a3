using System.Text;

namespace Astraea.Bench.Engine.Weights;

/// <summary>Writes the random model as GGUF version 3, for peers that read it. Matrices in one format, vectors in F32.</summary>
internal static class GgufFile
{
    private const int Alignment = 32;
    private const int GroupInputs = 32;

    // Value and tensor types of the format.
    private const uint U32 = 4, F32 = 6, Text = 8;

    /// <summary>Writes a file.</summary>
    /// <param name="path">Where.</param>
    /// <param name="format"><c>f32</c>, <c>bf16</c>, <c>q8_0</c> or <c>q4_0</c>.</param>
    public static void Write(string path, string format)
    {
        RandomTensor[] tensors = [.. RandomModel.Tensors()];
        using var file = new BinaryWriter(new BufferedStream(File.Create(path), 1 << 20));
        file.Write("GGUF"u8);
        file.Write(3u);
        file.Write((ulong)tensors.Length);
        WriteKeys(file);
        long offset = 0;
        foreach (RandomTensor tensor in tensors)
        {
            string own = FormatOf(tensor, format);
            WriteText(file, tensor.GgufName);
            file.Write(tensor.Rows == 1 ? 1u : 2u);
            file.Write((ulong)tensor.Columns);
            if (tensor.Rows > 1)
                file.Write((ulong)tensor.Rows);
            file.Write(TypeOf(own));
            file.Write((ulong)offset);
            offset = Aligned(offset + tensor.Rows * RowBytes(own, tensor.Columns));
        }
        Pad(file);
        foreach (RandomTensor tensor in tensors)
        {
            string own = FormatOf(tensor, format);
            foreach (float[] row in tensor.Values())
                WriteRow(file, own, row);
            Pad(file);
        }
    }

    private static string FormatOf(RandomTensor tensor, string format) => tensor.Rows == 1 ? "f32" : format;

    private static uint TypeOf(string format) => format switch
    {
        "f32" => 0,
        "bf16" => 30,
        "q8_0" => 8,
        "q4_0" => 2,
        _ => throw new ArgumentException($"'{format}' is none of f32, bf16, q8_0, q4_0.", nameof(format)),
    };

    private static long RowBytes(string format, int columns) => format switch
    {
        "f32" => 4L * columns,
        "bf16" => 2L * columns,
        "q8_0" => columns / GroupInputs * 34L,
        _ => columns / GroupInputs * 18L,
    };

    private static void WriteKeys(BinaryWriter file)
    {
        (string Key, object Value)[] keys =
        [
            ("general.architecture", "qwen2"), ("general.name", "random"), ("general.alignment", (uint)Alignment),
            ("qwen2.block_count", (uint)RandomModel.Layers), ("qwen2.context_length", (uint)RandomModel.Context),
            ("qwen2.embedding_length", (uint)RandomModel.Hidden), ("qwen2.feed_forward_length", (uint)RandomModel.Intermediate),
            ("qwen2.attention.head_count", (uint)RandomModel.Heads), ("qwen2.attention.head_count_kv", (uint)RandomModel.KvHeads),
            ("qwen2.rope.freq_base", (float)RandomModel.RopeTheta), ("qwen2.attention.layer_norm_rms_epsilon", RandomModel.Epsilon),
            ("qwen2.vocab_size", (uint)RandomModel.Vocabulary), ("tokenizer.ggml.model", "no_vocab"),
        ];
        file.Write((ulong)keys.Length);
        foreach ((string key, object value) in keys)
        {
            WriteText(file, key);
            switch (value)
            {
                case uint number:
                    file.Write(U32);
                    file.Write(number);
                    break;
                case float number:
                    file.Write(F32);
                    file.Write(number);
                    break;
                default:
                    file.Write(Text);
                    WriteText(file, (string)value);
                    break;
            }
        }
    }

    private static void WriteRow(BinaryWriter file, string format, float[] row)
    {
        if (format is "f32" or "bf16")
        {
            foreach (float value in row)
            {
                if (format == "f32")
                    file.Write(value);
                else
                    file.Write((ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
            }
            return;
        }
        for (int first = 0; first < row.Length; first += GroupInputs)
        {
            if (format == "q8_0")
                WriteQ8(file, row.AsSpan(first, GroupInputs));
            else
                WriteQ4(file, row.AsSpan(first, GroupInputs));
        }
    }

    private static void WriteQ8(BinaryWriter file, ReadOnlySpan<float> group)
    {
        float largest = 0;
        foreach (float value in group)
            largest = MathF.Max(largest, MathF.Abs(value));
        float scale = largest / 127;
        file.Write((Half)scale);
        foreach (float value in group)
            file.Write((sbyte)(scale == 0 ? 0 : MathF.Round(value / scale)));
    }

    private static void WriteQ4(BinaryWriter file, ReadOnlySpan<float> group)
    {
        float largest = 0;
        foreach (float value in group)
            largest = MathF.Abs(value) > MathF.Abs(largest) ? value : largest;
        float scale = largest / -8;
        file.Write((Half)scale);
        for (int i = 0; i < GroupInputs / 2; i++)
            file.Write((byte)(Four(group[i], scale) | Four(group[i + GroupInputs / 2], scale) << 4));
    }

    private static int Four(float value, float scale) => scale == 0 ? 8 : (int)Math.Clamp(MathF.Round(value / scale) + 8, 0, 15);

    private static void WriteText(BinaryWriter file, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        file.Write((ulong)bytes.Length);
        file.Write(bytes);
    }

    private static long Aligned(long offset) => (offset + Alignment - 1) / Alignment * Alignment;

    private static void Pad(BinaryWriter file)
    {
        file.Flush();
        long position = file.BaseStream.Position;
        for (long at = position; at < Aligned(position); at++)
            file.Write((byte)0);
    }
}
