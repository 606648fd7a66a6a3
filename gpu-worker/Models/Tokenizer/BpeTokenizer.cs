using System.Collections.Immutable;
using System.Text;
using Astraea.Contracts.Text;

namespace Astraea.Worker.Models.Tokenizer;

/// <summary>Byte-level byte-pair encoding as a Hugging Face <c>tokenizer.json</c> describes it. Immutable, thread-safe.</summary>
public sealed class BpeTokenizer
{
    private readonly TokenizerFile _file;
    private readonly PieceSplitter _splitter;
    private readonly MergeTable _merges;
    private readonly AddedTokenFinder _rawFinder;
    private readonly AddedTokenFinder _normalizedFinder;
    private readonly int[] _byteIds = new int[256];
    private readonly byte[]?[] _bytes;
    private readonly Dictionary<int, AddedToken> _added;

    private BpeTokenizer(TokenizerFile file)
    {
        _file = file;
        _splitter = new PieceSplitter(file.Splits);
        _added = file.AddedTokens.ToDictionary(token => token.Id);
        // Tokens found in normalised text are themselves normalised, or they could never be found.
        List<AddedToken> normalized = [.. file.AddedTokens.Where(token => token.Normalized).Select(token => token with { Content = Normalize(token.Content) })];
        _rawFinder = new AddedTokenFinder(file.AddedTokens.Where(token => !token.Normalized));
        _normalizedFinder = new AddedTokenFinder(normalized);
        Size = 1 + Math.Max(file.Vocabulary.Count == 0 ? -1 : file.Vocabulary.Values.Max(), file.AddedTokens.Count == 0 ? -1 : file.AddedTokens.Max(t => t.Id));
        _bytes = ReadBytes(file, Size);
        for (int b = 0; b < 256; b++)
        {
            _byteIds[b] = file.Vocabulary.TryGetValue(ByteAlphabet.ToChar((byte)b).ToString(), out int id)
                ? id
                : throw new TextException($"tokenizer.json: model.vocab has no token for byte 0x{b:X2}; a byte-level vocabulary has all 256.");
        }
        _merges = new MergeTable(ReadMerges(file));
        MergedIds = [.. Enumerable.Range(0, Size).Where(id => _bytes[id] is not null && !_added.ContainsKey(id))];
    }

    /// <summary>One more than the highest token id (tokens).</summary>
    public int Size { get; }

    /// <summary>Ids of the ordinary tokens, those merges make, rising.</summary>
    public ImmutableArray<int> MergedIds { get; }

    /// <summary>Tokens outside the merge vocabulary.</summary>
    public IReadOnlyCollection<AddedToken> AddedTokens => _added.Values;

    /// <summary>Reads the content of a <c>tokenizer.json</c>.</summary>
    /// <exception cref="TextException">Not byte-level BPE, or something this code would not follow exactly; the message names the key.</exception>
    public static BpeTokenizer Parse(ReadOnlyMemory<byte> json) => new(TokenizerFile.Parse(json));

    /// <summary>The id of a token given by its text: an added token's content, or stand-in characters; null when there is none.</summary>
    public int? IdOf(string token)
    {
        foreach (AddedToken added in _file.AddedTokens)
        {
            if (added.Content == token)
                return added.Id;
        }
        return _file.Vocabulary.TryGetValue(token, out int id) ? id : null;
    }

    /// <summary>The id of the token of a single byte.</summary>
    public int IdOf(byte value) => _byteIds[value];

    /// <summary>The bytes a token stands for; empty for an id without a token.</summary>
    public ReadOnlySpan<byte> Bytes(int id) => id >= 0 && id < _bytes.Length ? _bytes[id] : default;

    /// <summary>Whether a token is a control token: no part of what a reader sees.</summary>
    public bool IsSpecial(int id) => _added.TryGetValue(id, out AddedToken? token) && token.Special;

    /// <summary>Whether a token lies outside the merge vocabulary.</summary>
    public bool IsAdded(int id) => _added.ContainsKey(id);

    /// <summary>Encodes text.</summary>
    /// <param name="text">Any UTF-16; a lone surrogate counts as U+FFFD.</param>
    /// <param name="parseAdded">Whether added tokens written in the text become their ids. False for everything a client typed.</param>
    /// <param name="ids">Takes the ids.</param>
    public void Encode(string text, bool parseAdded, List<int> ids)
    {
        if (!parseAdded)
        {
            EncodePlain(Normalize(text), ids);
            return;
        }
        EncodeAround(text, _rawFinder, ids, (part, list) => EncodeAround(Normalize(part), _normalizedFinder, list, EncodePlain));
    }

    /// <summary>Encodes text.</summary>
    public ImmutableArray<int> Encode(string text, bool parseAdded)
    {
        var ids = new List<int>(text.Length);
        Encode(text, parseAdded, ids);
        return [.. ids];
    }

    /// <summary>Encodes a text of its own, not part of a chat: with what the post-processor adds, such as a begin token.</summary>
    public ImmutableArray<int> EncodeDocument(string text)
    {
        var ids = new List<int>(_file.Prefix);
        Encode(text, parseAdded: false, ids);
        return [.. ids, .. _file.Suffix];
    }

    /// <summary>Decodes ids. Bytes that are no UTF-8 become U+FFFD; control tokens are left out unless asked for.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool keepSpecial = false)
    {
        var bytes = new List<byte>(ids.Length * 4);
        foreach (int id in ids)
        {
            if (keepSpecial || !IsSpecial(id))
                bytes.AddRange(Bytes(id));
        }
        return Encoding.UTF8.GetString(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes));
    }

    private string Normalize(string text) => _file.NormalizeNfc ? Nfc.Compose(text) : text;

    private static void EncodeAround(string text, AddedTokenFinder finder, List<int> ids, Action<string, List<int>> encodePart)
    {
        int done = 0;
        while (finder.Next(text, done) is var (token, start, end))
        {
            if (start > done)
                encodePart(text[done..start], ids);
            ids.Add(token.Id);
            done = end;
        }
        if (done < text.Length)
            encodePart(done == 0 ? text : text[done..], ids);
    }

    private void EncodePlain(string text, List<int> ids)
    {
        if (text.Length == 0)
            return;
        if (_file.AddPrefixSpace && text[0] != ' ')
            text = " " + text;
        if (_merges.Empty && !_file.IgnoreMerges)
        {
            // Without merges, cutting changes nothing.
            EncodePiece(text, ids);
            return;
        }
        var pieces = new List<(int Start, int Length)>();
        _splitter.Split(text, pieces);
        foreach (var (start, length) in pieces)
            EncodePiece(text.AsSpan(start, length), ids);
    }

    private void EncodePiece(ReadOnlySpan<char> piece, List<int> ids)
    {
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(piece.Length)];
        int count = Encoding.UTF8.GetBytes(piece, bytes);
        if (_file.IgnoreMerges && _file.Vocabulary.TryGetValue(ByteAlphabet.Write(bytes.AsSpan(0, count)), out int whole))
        {
            ids.Add(whole);
            return;
        }
        var units = new int[count];
        for (int i = 0; i < count; i++)
            units[i] = _byteIds[bytes[i]];
        ids.AddRange(units.AsSpan(0, _merges.Merge(units)));
    }

    private static byte[]?[] ReadBytes(TokenizerFile file, int size)
    {
        var bytes = new byte[]?[size];
        var added = file.AddedTokens.ToDictionary(token => token.Id);
        foreach (var (text, id) in file.Vocabulary)
        {
            // Some files repeat added tokens in the vocabulary; their text is not written in stand-in characters.
            if (added.ContainsKey(id))
                continue;
            bytes[id] = ByteAlphabet.TryRead(text, out byte[] read)
                ? read
                : throw new TextException($"tokenizer.json: model.vocab has {text}, which is not byte-level.");
        }
        foreach (AddedToken token in file.AddedTokens)
            bytes[token.Id] = Encoding.UTF8.GetBytes(token.Content);
        return bytes;
    }

    private static Dictionary<(int, int), (int, int)> ReadMerges(TokenizerFile file)
    {
        var merges = new Dictionary<(int, int), (int, int)>(file.Merges.Count);
        for (int rank = 0; rank < file.Merges.Count; rank++)
        {
            var (left, right) = file.Merges[rank];
            if (!file.Vocabulary.TryGetValue(left, out int leftId) || !file.Vocabulary.TryGetValue(right, out int rightId)
                || !file.Vocabulary.TryGetValue(left + right, out int merged))
                throw new TextException($"tokenizer.json: model.merges[{rank}] ({left} {right}) names a token that model.vocab lacks.");
            merges.TryAdd((leftId, rightId), (rank, merged));
        }
        return merges;
    }
}
