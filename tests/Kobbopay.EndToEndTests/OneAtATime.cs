using Xunit.Sdk;
using Xunit.v3;

// Each test runs a whole system or two, on a machine that may have two cores.
[assembly: Parallelization(Mode = ParallelMode.None)]
