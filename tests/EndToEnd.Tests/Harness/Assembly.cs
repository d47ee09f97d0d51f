using Forge.EndToEnd.Tests.Harness;
using Xunit.Sdk;
using Xunit.v3;

// Real processes, two cores, and limits in seconds: one test at a time.
[assembly: Parallelization(Mode = ParallelMode.None)]
[assembly: AssemblyFixture(typeof(PublishedProduct))]
[assembly: AssemblyFixture(typeof(Browser))]
[assembly: Trait("Category", "EndToEnd")]
