// The teacher: knows the arm's geometry, so it can demonstrate but not be deployed on an arm it does not know.
import { FOREARM, UPPER_ARM } from './world.mjs'

const STIFFNESS = [9, 7]
const DAMPING = [1.5, 0.9]

/** Torques that pull the joints to the target's inverse kinematics: a PD controller, clipped to [-1, 1]. */
export function expertTorques(state, target) {
  const goal = jointsAt(target)
  return goal.map((angle, joint) => clip(STIFFNESS[joint] * (angle - state[joint]) - DAMPING[joint] * state[joint + 2]))
}

/** Inverse kinematics of the two links with the elbow bent to the left. */
export function jointsAt([x, y]) {
  const cosine = (x * x + y * y - UPPER_ARM ** 2 - FOREARM ** 2) / (2 * UPPER_ARM * FOREARM)
  const elbow = Math.acos(Math.min(1, Math.max(-1, cosine)))
  const shoulder = Math.atan2(y, x) - Math.atan2(FOREARM * Math.sin(elbow), UPPER_ARM + FOREARM * Math.cos(elbow))
  return [shoulder, elbow]
}

export const clip = (torque) => Math.min(1, Math.max(-1, torque))
