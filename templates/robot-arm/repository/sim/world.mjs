// The physics: MuJoCo in WebAssembly and the model in model/arm.xml.
import { readFile } from 'node:fs/promises'
import loadMujoco from 'mujoco-js'

export const CONTROL_SECONDS = 0.02
export const UPPER_ARM = 0.25
export const FOREARM = 0.2

const BLOCKS = 2

/** Loads MuJoCo and the model. `step(torques)` holds two torques in [-1, 1] for one control period. */
export async function openWorld() {
  const mujoco = await loadMujoco()
  const xml = await readFile(new URL('../model/arm.xml', import.meta.url), 'utf8')
  mujoco.FS.writeFile('/arm.xml', xml)
  const model = mujoco.MjModel.loadFromXML('/arm.xml')
  const data = new mujoco.MjData(model)
  const substeps = Math.round(CONTROL_SECONDS / model.opt.timestep)

  return {
    substeps,

    /** Puts the arm at rest at `joints` and the blocks at `blocks`, each [x, y, yaw]. */
    reset(joints, blocks) {
      mujoco.mj_resetData(model, data)
      const positions = data.qpos
      positions.set(joints)
      for (let block = 0; block < BLOCKS; block++) {
        const [x, y, yaw] = blocks[block]
        positions.set([x, y, 0.025, Math.cos(yaw / 2), 0, 0, Math.sin(yaw / 2)], 2 + 7 * block)
      }
      mujoco.mj_forward(model, data)
    },

    step(torques) {
      data.ctrl.set(torques)
      for (let substep = 0; substep < substeps; substep++) mujoco.mj_step(model, data)
    },

    /** Writes shoulder and elbow angle (rad), then their velocities (rad/s), into `state`. */
    readJoints(state) {
      const positions = data.qpos
      const velocities = data.qvel
      state[0] = positions[0]
      state[1] = positions[1]
      state[2] = velocities[0]
      state[3] = velocities[1]
      return state
    },
  }
}

/** Where the tip is for these joint angles, in metres from the shoulder. */
export function tipOf([shoulder, elbow]) {
  return [
    UPPER_ARM * Math.cos(shoulder) + FOREARM * Math.cos(shoulder + elbow),
    UPPER_ARM * Math.sin(shoulder) + FOREARM * Math.sin(shoulder + elbow),
  ]
}
