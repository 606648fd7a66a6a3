using System.Globalization;
using System.Text;
using Astraea.Contracts.Text;
using Astraea.Worker.Models.Tokenizer.Merging;

namespace Astraea.Worker.Models.Tokenizer;

/// <summary>How a vocabulary writes bytes and characters: what its tokens stand for, and how a piece of text looks in it before merging.</summary>
internal abstract class SymbolTable
{
    /// <summary>The id of the token of each single byte.</summary>
    public abstract int OfByte(byte value);

    /// <summary>The bytes a token of the vocabulary stands for.</summary>
    /// <exception cref="TextException">No token can be written so.</exception>
    public abstract byte[] Read(string token);

    /// <summary>Writes a piece in the vocabulary's characters and encodes it.</summary>
    public abstract void Encode(ReadOnlySpan<char> piece, IMergeEngine merges, List<int> ids);

    /// <summary>The token of a piece as a whole; null when there is none.</summary>
    public abstract int? Whole(ReadOnlySpan<char> piece);
}

/// <summary>Byte-level: each byte is a character of <see cref="ByteAlphabet"/>.</summary>
internal sealed class ByteLevelSymbols : SymbolTable
{
    private readonly Dictionary<string, int> _vocabulary;
    private readonly int[] _byteIds = new int[256];

    public ByteLevelSymbols(Dictionary<string, int> vocabulary)
    {
        _vocabulary = vocabulary;
        for (int b = 0; b < 256; b++)
        {
            _byteIds[b] = vocabulary.TryGetValue(ByteAlphabet.ToChar((byte)b).ToString(), out int id)
                ? id
                : throw new TextException($"tokenizer.json: model.vocab has no token for byte 0x{b:X2}; a byte-level vocabulary has all 256.");
        }
    }

    public override int OfByte(byte value) => _byteIds[value];

    public override byte[] Read(string token) => ByteAlphabet.TryRead(token, out byte[] bytes)
        ? bytes
        : throw new TextException($"tokenizer.json: model.vocab has {token}, which is not byte-level.");

    public override void Encode(ReadOnlySpan<char> piece, IMergeEngine merges, List<int> ids) => merges.Merge(Write(piece), ids);

    public override int? Whole(ReadOnlySpan<char> piece) => _vocabulary.TryGetValue(Write(piece), out int id) ? id : null;

    private static string Write(ReadOnlySpan<char> piece)
    {
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(piece.Length)];
        return ByteAlphabet.Write(bytes.AsSpan(0, Encoding.UTF8.GetBytes(piece, bytes)));
    }
}

/// <summary>SentencePiece: characters as they are, blanks as a mark, and a token for each byte of a character the vocabulary lacks.</summary>
/// <remarks>Kudo and Richardson 2018 (arXiv 1808.06226), §3; byte fallback as Llama 2's vocabulary has it.</remarks>
internal sealed class SentenceSymbols : SymbolTable
{
    private readonly Dictionary<string, int> _vocabulary;
    private readonly int[] _byteIds = new int[256];
    private readonly Dictionary<string, byte> _bytes = new(StringComparer.Ordinal);
    private readonly char _mark;

    public SentenceSymbols(Dictionary<string, int> vocabulary, char mark)
    {
        _vocabulary = vocabulary;
        _mark = mark;
        for (int b = 0; b < 256; b++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"<0x{b:X2}>");
            _byteIds[b] = vocabulary.TryGetValue(name, out int id)
                ? id
                : throw new TextException($"tokenizer.json: model.vocab has no {name}; with byte_fallback there is one for each byte.");
            _bytes[name] = (byte)b;
        }
    }

    // An ordinary character is what the model has seen; the token of its byte is not.
    public override int OfByte(byte value) => value is > 0x20 and < 0x7F && _vocabulary.TryGetValue(((char)value).ToString(), out int id) ? id
        : value == 0x20 && _vocabulary.TryGetValue(_mark.ToString(), out int blank) ? blank : _byteIds[value];

    public override byte[] Read(string token) => _bytes.TryGetValue(token, out byte value) ? [value] : Encoding.UTF8.GetBytes(token.Replace(_mark, ' '));

    public override void Encode(ReadOnlySpan<char> piece, IMergeEngine merges, List<int> ids)
    {
        // Nothing merges with the token of a byte, so what stands between two characters the vocabulary lacks is merged alone.
        int start = 0;
        Span<byte> bytes = stackalloc byte[4];
        for (int at = 0; at < piece.Length;)
        {
            Rune.DecodeFromUtf16(piece[at..], out Rune rune, out int length);
            if (_vocabulary.ContainsKey(piece.Slice(at, length).ToString()))
            {
                at += length;
                continue;
            }
            if (at > start)
                merges.Merge(piece[start..at].ToString(), ids);
            foreach (byte value in bytes[..rune.EncodeToUtf8(bytes)])
                ids.Add(_byteIds[value]);
            start = at += length;
        }
        if (start < piece.Length)
            merges.Merge(piece[start..].ToString(), ids);
    }

    public override int? Whole(ReadOnlySpan<char> piece) => _vocabulary.TryGetValue(piece.ToString(), out int id) ? id : null;
}
