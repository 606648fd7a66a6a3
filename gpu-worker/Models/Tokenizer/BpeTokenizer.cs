using System.Collections.Immutable;
using System.Text;
using Astraea.Contracts.Text;
using Astraea.Worker.Models.Tokenizer.Merging;

namespace Astraea.Worker.Models.Tokenizer;

/// <summary>Byte-pair encoding, byte-level or of SentencePiece, as a Hugging Face <c>tokenizer.json</c> describes it. Immutable, thread-safe.</summary>
public sealed class BpeTokenizer
{
    private readonly TokenizerFile _file;
    private readonly PieceSplitter _splitter;
    private readonly SymbolTable _symbols;
    private readonly IMergeEngine _merges;
    private readonly AddedTokenFinder _rawFinder;
    private readonly AddedTokenFinder _normalizedFinder;
    private readonly byte[]?[] _bytes;
    private readonly Dictionary<int, AddedToken> _added;

    private BpeTokenizer(TokenizerFile file)
    {
        _file = file;
        _splitter = new PieceSplitter(file.Pieces.Splits);
        _symbols = file.Pieces.ByteLevel ? new ByteLevelSymbols(file.Vocabulary) : new SentenceSymbols(file.Vocabulary, file.Mark);
        _added = file.AddedTokens.ToDictionary(token => token.Id);
        // Tokens found in normalised text are themselves normalised, or they could never be found.
        List<AddedToken> normalized =
            [.. file.AddedTokens.Where(token => token.Normalized).Select(token => token with { Content = file.Normalization.Apply(token.Content, begins: true) })];
        _rawFinder = new AddedTokenFinder(file.AddedTokens.Where(token => !token.Normalized));
        _normalizedFinder = new AddedTokenFinder(normalized);
        Size = 1 + Math.Max(file.Vocabulary.Count == 0 ? -1 : file.Vocabulary.Values.Max(), file.AddedTokens.Count == 0 ? -1 : file.AddedTokens.Max(t => t.Id));
        _bytes = ReadBytes();
        MergeRules.Check(file.Vocabulary, file.Merges);
        _merges = MergeEngines.Create(file.Vocabulary, file.Merges);
        MergedIds = [.. Enumerable.Range(0, Size).Where(id => _bytes[id] is not null && !_added.ContainsKey(id))];
    }

    /// <summary>One more than the highest token id (tokens).</summary>
    public int Size { get; }

    /// <summary>Ids of the ordinary tokens, those merges make, rising.</summary>
    public ImmutableArray<int> MergedIds { get; }

    /// <summary>Tokens outside the merge vocabulary.</summary>
    public IReadOnlyCollection<AddedToken> AddedTokens => _added.Values;

    /// <summary>Whether a blank at the very beginning of decoded text is dropped: encoding has put it there.</summary>
    internal bool DropsLeadingBlank => _file.DropsLeadingBlank;

    /// <summary>Reads the content of a <c>tokenizer.json</c>.</summary>
    /// <exception cref="TextException">Not byte-pair encoding, or something this code would not follow exactly; the message names the key.</exception>
    public static BpeTokenizer Parse(ReadOnlyMemory<byte> json) => new(TokenizerFile.Parse(json));

    /// <summary>The id of a token given by its text: an added token's content, or the vocabulary's way of writing; null when there is none.</summary>
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
    public int IdOf(byte value) => _symbols.OfByte(value);

    /// <summary>The bytes a token stands for; empty for an id without a token.</summary>
    public ReadOnlySpan<byte> Bytes(int id) => id >= 0 && id < _bytes.Length ? _bytes[id] : default;

    /// <summary>Whether a token is a control token: no part of what a reader sees.</summary>
    public bool IsSpecial(int id) => _added.TryGetValue(id, out AddedToken? token) && token.Special;

    /// <summary>Whether a token lies outside the merge vocabulary.</summary>
    public bool IsAdded(int id) => _added.ContainsKey(id);

    /// <summary>Encodes text; it goes on from the ordinary token <paramref name="ids"/> end with, if they do.</summary>
    /// <param name="text">Any UTF-16; a lone surrogate counts as U+FFFD.</param>
    /// <param name="parseAdded">Whether added tokens written in the text become their ids. False for everything a client typed.</param>
    /// <param name="ids">Takes the ids.</param>
    public void Encode(string text, bool parseAdded, List<int> ids)
    {
        bool begins = ids.Count == 0 || IsAdded(ids[^1]);
        if (!parseAdded)
            EncodeText(Normalize(text, begins), begins, ids.Count == 0, ids);
        else
        {
            EncodeAround(text, _rawFinder, begins, ids, (part, starts, list) =>
            {
                bool first = list.Count == 0;
                EncodeAround(Normalize(part, starts), _normalizedFinder, starts, list, (inner, innerStarts, all) =>
                    EncodeText(inner, innerStarts, first && all.Count == 0, all));
            });
        }
    }

    /// <summary>Encodes text.</summary>
    public ImmutableArray<int> Encode(string text, bool parseAdded)
    {
        var ids = new List<int>(text.Length);
        Encode(text, parseAdded, ids);
        return [.. ids];
    }

    /// <summary>Encodes several texts as the one they make together. Added tokens are looked for only in those that may have them.</summary>
    /// <param name="parts">The texts, each with whether added tokens written in it become their ids.</param>
    /// <param name="ids">Takes the ids.</param>
    public void Encode(IReadOnlyList<(string Text, bool ParseAdded)> parts, List<int> ids)
    {
        string whole = string.Concat(parts.Select(part => part.Text));
        if (OnlyWhereAllowed(whole, parts))
        {
            Encode(whole, parseAdded: true, ids);
            return;
        }
        // Somebody typed what looks like a control token, or half of one: each text alone, so that it stays text.
        foreach (var (text, parseAdded) in parts)
            Encode(text, parseAdded, ids);
    }

    /// <summary>Encodes text that goes on from text before it.</summary>
    public List<int> EncodeOn(string text)
    {
        var ids = new List<int>(text.Length);
        EncodeText(Normalize(text, begins: false), begins: false, first: false, ids);
        return ids;
    }

    /// <summary>Encodes a text of its own, not part of a chat: with what the post-processor adds, such as a begin token.</summary>
    public ImmutableArray<int> EncodeDocument(string text)
    {
        var ids = new List<int>(text.Length);
        Encode(text, parseAdded: false, ids);
        return [.. _file.Prefix, .. ids, .. _file.Suffix];
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
        if (DropsLeadingBlank && bytes is [(byte)' ', ..])
            bytes.RemoveAt(0);
        return Encoding.UTF8.GetString(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes));
    }

    private string Normalize(string text, bool begins) => _file.Normalization.Apply(text, begins);

    private bool OnlyWhereAllowed(string whole, IReadOnlyList<(string Text, bool ParseAdded)> parts)
    {
        // Where normalising moves characters, places cannot be told.
        if (_normalizedFinder.Next(Normalize(whole, begins: true), 0) is not null)
            return false;
        int part = 0, partEnd = parts.Count > 0 ? parts[0].Text.Length : 0;
        for (int done = 0; _rawFinder.Next(whole, done) is { } found; done = found.End)
        {
            while (found.Content >= partEnd)
                partEnd += parts[++part].Text.Length;
            if (!parts[part].ParseAdded || found.Content + found.Token.Content.Length > partEnd)
                return false;
        }
        return true;
    }

    private static void EncodeAround(string text, AddedTokenFinder finder, bool begins, List<int> ids, Action<string, bool, List<int>> encodePart)
    {
        int done = 0;
        while (finder.Next(text, done) is { } found)
        {
            if (found.Start > done)
                encodePart(text[done..found.Start], begins, ids);
            ids.Add(found.Token.Id);
            begins = true;
            done = found.End;
        }
        if (done < text.Length)
            encodePart(done == 0 ? text : text[done..], begins, ids);
    }

    /// <summary>Encodes normalised text without added tokens.</summary>
    /// <param name="text">The text.</param>
    /// <param name="begins">Whether a section begins here.</param>
    /// <param name="first">Whether the whole text begins here.</param>
    /// <param name="ids">Takes the ids.</param>
    private void EncodeText(string text, bool begins, bool first, List<int> ids)
    {
        if (text.Length == 0)
            return;
        var pieces = new List<(int Start, int Length)>();
        if (_file.Pieces.Metaspace is { } metaspace)
        {
            text = metaspace.Apply(text, begins, first);
            metaspace.Cut(text, pieces);
        }
        else
        {
            if (_file.Pieces.AddPrefixSpace && begins && text[0] != ' ')
                text = " " + text;
            _splitter.Split(text, pieces);
        }
        foreach (var (start, length) in pieces)
            EncodePiece(text.AsSpan(start, length), ids);
    }

    private void EncodePiece(ReadOnlySpan<char> piece, List<int> ids)
    {
        if (_file.IgnoreMerges && _symbols.Whole(piece) is { } whole)
            ids.Add(whole);
        else
            _symbols.Encode(piece, _merges, ids);
    }

    private byte[]?[] ReadBytes()
    {
        var bytes = new byte[]?[Size];
        foreach (var (text, id) in _file.Vocabulary)
        {
            // Some files repeat added tokens in the vocabulary; their text is not written the vocabulary's way.
            if (!_added.ContainsKey(id))
                bytes[id] = _symbols.Read(text);
        }
        foreach (AddedToken token in _file.AddedTokens)
            bytes[token.Id] = Encoding.UTF8.GetBytes(token.Content);
        return bytes;
    }
}
