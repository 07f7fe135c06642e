// What the policy sees. The order is part of every trained policy: change it and all of them must be trained again.

export const OBSERVATION_SIZE = 8

/** Joint angles as sine and cosine, joint velocities (rad/s), target (m from the shoulder); written into `observation`. */
export function observe(state, target, observation) {
  observation[0] = Math.sin(state[0])
  observation[1] = Math.cos(state[0])
  observation[2] = Math.sin(state[1])
  observation[3] = Math.cos(state[1])
  observation[4] = state[2]
  observation[5] = state[3]
  observation[6] = target[0]
  observation[7] = target[1]
  return observation
}
