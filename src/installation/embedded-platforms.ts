/**
 * The administrator's file of an installation without one: this machine, split into a simulation platform and a bench that runs one task
 * at a time. Trusted code only, since anything else needs a decision that nobody made yet.
 */
export const embeddedPlatforms = (toolchain: string) => `
backends:
  local:
    kind: local
    toolchains:
      /osmo/node_modules: ${JSON.stringify(toolchain)}

pools:
  machine:
    description: This machine
    backend: local
    default_platform: simulation
    platforms:
      simulation: {description: Simulation on this machine, tier: sim, termination_grace_period: 10s}
      bench: {description: A bench that runs one task at a time, tier: hardware, exclusive: true, termination_grace_period: 10s}

repositories:
  - match: ['*/*']
    pools: {machine: [trusted]}
`
