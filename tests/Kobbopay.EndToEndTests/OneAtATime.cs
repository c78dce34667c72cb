using Xunit.Sdk;
using Xunit.v3;

// Each test runs whole systems, whose webhooks go to one port, on a machine that may have two cores.
[assembly: Parallelization(Mode = ParallelMode.None)]
