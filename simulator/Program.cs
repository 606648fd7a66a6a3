Console.Error.WriteLine("astraea-simulator: no command is there yet.");
return 2;
