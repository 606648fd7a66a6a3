using System.Text;

namespace Astraea.Worker.Models.Tokenizer;

/// <summary>Turns tokens into text as they come. Never shows half a character; bytes that are no UTF-8 become U+FFFD.</summary>
/// <remarks>What has been shown so far plus the rest equals decoding all tokens at once.</remarks>
public sealed class IncrementalDecoder(BpeTokenizer tokenizer)
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly char[] _chars = new char[256];
    private bool _dropsBlank = tokenizer.DropsLeadingBlank;

    /// <summary>Takes a token; appends the characters it completes. Control tokens show nothing.</summary>
    public void Push(int token, StringBuilder text)
    {
        if (tokenizer.IsSpecial(token))
            return;
        ReadOnlySpan<byte> bytes = tokenizer.Bytes(token);
        if (_dropsBlank && !bytes.IsEmpty)
        {
            _dropsBlank = false;
            bytes = bytes[0] == ' ' ? bytes[1..] : bytes;
        }
        while (!bytes.IsEmpty)
        {
            _decoder.Convert(bytes, _chars, flush: false, out int used, out int written, out _);
            text.Append(_chars, 0, written);
            bytes = bytes[used..];
        }
    }

    /// <summary>The end: an unfinished character becomes U+FFFD.</summary>
    public void Finish(StringBuilder text)
    {
        _decoder.Convert([], _chars, flush: true, out _, out int written, out _);
        text.Append(_chars, 0, written);
    }
}
