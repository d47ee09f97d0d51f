global using Orleans;
global using Forge.Storage.Contracts;
global using Forge.Storage.Organizations;
global using Forge.Storage.Sla;
global using Forge.Storage.Audit;
