return SpinStudio.Cli.CommandLine.Run(args);
