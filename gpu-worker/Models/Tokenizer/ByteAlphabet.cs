namespace Astraea.Worker.Models.Tokenizer;

/// <summary>The printable stand-in characters byte-level vocabularies write bytes with (Radford et al. 2019, §2.2 and its released encoder).</summary>
/// <remarks>Printable Latin-1 bytes stand for themselves; the other 68, in rising order, are written as U+0100 and up.</remarks>
public static class ByteAlphabet
{
    private static readonly char[] CharOfByte = BuildChars();
    private static readonly Dictionary<char, byte> ByteOfChar = BuildBytes();

    /// <summary>The character that stands for a byte.</summary>
    public static char ToChar(byte value) => CharOfByte[value];

    /// <summary>Writes bytes in stand-in characters.</summary>
    public static string Write(ReadOnlySpan<byte> bytes)
    {
        var chars = new char[bytes.Length];
        for (int i = 0; i < chars.Length; i++)
            chars[i] = CharOfByte[bytes[i]];
        return new string(chars);
    }

    /// <summary>Reads stand-in characters; false when one of them stands for no byte.</summary>
    public static bool TryRead(string text, out byte[] bytes)
    {
        bytes = new byte[text.Length];
        for (int i = 0; i < text.Length; i++)
        {
            if (!ByteOfChar.TryGetValue(text[i], out bytes[i]))
                return false;
        }
        return true;
    }

    private static char[] BuildChars()
    {
        var chars = new char[256];
        int next = 0x100;
        for (int b = 0; b < 256; b++)
            chars[b] = b is >= 0x21 and <= 0x7E or >= 0xA1 and <= 0xAC or >= 0xAE ? (char)b : (char)next++;
        return chars;
    }

    private static Dictionary<char, byte> BuildBytes()
    {
        var bytes = new Dictionary<char, byte>(256);
        for (int b = 0; b < 256; b++)
            bytes.Add(CharOfByte[b], (byte)b);
        return bytes;
    }
}
