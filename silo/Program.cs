using Astraea.Silo.Composition;

return await NodeProgram.RunAsync(args);
