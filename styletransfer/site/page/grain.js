// The noise on which drafts are begun, made here, as it is a tenth of a visit to download.

/** As `Grain` in styletransfer/models/draft.py has it: side × side whole steps of a standard deviation of
 * `unit` steps, soft, seamless, and always the same. */
export function makeNoise(side, unit) {
  const draw = normal(random(0));
  const white = Float64Array.from({ length: side * side }, draw);
  const soft = blurred(blurred(white, side), side);
  const mean = soft.reduce((sum, value) => sum + value, 0) / soft.length;
  const variance = soft.reduce((sum, value) => sum + (value - mean) ** 2, 0) / soft.length;
  const scale = unit / Math.sqrt(variance);
  return Int8Array.from(soft, (value) => Math.max(-127, Math.min(127, Math.round(value * scale))));
}

/** Each row blurred by a Gaussian of one pixel, around its ends, and written as a column: twice is both. */
function blurred(values, side) {
  const soft = Float64Array.from({ length: side }, (_, i) => {
    const frequency = (2 * Math.PI * Math.min(i, side - i)) / side;
    return Math.exp(-(frequency ** 2) / 2);
  });
  const out = new Float64Array(values.length);
  for (let y = 0; y < side; y++) {
    const [real, imaginary] = [values.slice(y * side, (y + 1) * side), new Float64Array(side)];
    transform(real, imaginary);
    soft.forEach((share, i) => {
      real[i] *= share;
      imaginary[i] *= share;
    });
    transform(imaginary, real); // and back: the parts have changed places
    for (let x = 0; x < side; x++) out[x * side + y] = real[x] / side;
  }
  return out;
}

/** The Fourier transform of a power of two of numbers, in place (Cooley & Tukey 1965). */
function transform(real, imaginary) {
  const length = real.length;
  for (let i = 0, mirrored = 0; i < length; i++) {
    if (i < mirrored) {
      for (const part of [real, imaginary]) [part[i], part[mirrored]] = [part[mirrored], part[i]];
    }
    let bit = length >> 1;
    for (; mirrored & bit; bit >>= 1) mirrored ^= bit;
    mirrored ^= bit;
  }
  for (let half = 1; half < length; half *= 2) {
    for (let k = 0; k < half; k++) {
      const [cos, sin] = [Math.cos((Math.PI * k) / half), -Math.sin((Math.PI * k) / half)];
      for (let a = k; a < length; a += 2 * half) {
        const b = a + half;
        const [x, y] = [real[b] * cos - imaginary[b] * sin, real[b] * sin + imaginary[b] * cos];
        [real[b], imaginary[b]] = [real[a] - x, imaginary[a] - y];
        real[a] += x;
        imaginary[a] += y;
      }
    }
  }
}

/** Numbers of a normal distribution, as numpy.random.RandomState draws them (Marsaglia's polar method). */
function normal(uniform) {
  let kept = null;
  return () => {
    if (kept !== null) {
      const value = kept;
      kept = null;
      return value;
    }
    let x, y, square;
    do {
      [x, y] = [2 * uniform() - 1, 2 * uniform() - 1];
      square = x * x + y * y;
    } while (square >= 1 || square === 0);
    const scale = Math.sqrt((-2 * Math.log(square)) / square);
    kept = scale * x;
    return scale * y;
  };
}

/** Numbers in [0, 1) from a seed: the Mersenne Twister (Matsumoto & Nishimura 1998), 53 bits of each two. */
function random(seed) {
  const [length, middle] = [624, 397];
  const state = new Uint32Array(length);
  state[0] = seed;
  for (let i = 1; i < length; i++) {
    state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
  }
  let at = length;
  const word = () => {
    if (at === length) {
      for (let i = 0; i < length; i++) {
        const joined = (state[i] & 0x80000000) | (state[(i + 1) % length] & 0x7fffffff);
        state[i] = state[(i + middle) % length] ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
      }
      at = 0;
    }
    let y = state[at++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
  return () => ((word() >>> 5) * 67108864 + (word() >>> 6)) / 9007199254740992;
}
