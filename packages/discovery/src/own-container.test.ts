import { expect, test } from 'vitest';
import { guessOwnContainer } from './own-container.ts';

const OWN = 'a'.repeat(64);
const VOLUME = 'b'.repeat(64);

test('the id is in the path of the files that the engine mounts, not in that of a volume', () => {
  const mountinfo = [
    `700 600 8:1 /var/lib/docker/volumes/${VOLUME}/_data /data rw - ext4 /dev/sda1 rw`,
    `701 600 8:1 /var/lib/docker/containers/${OWN}/hostname /etc/hostname rw - ext4 /dev/sda1 rw`,
  ].join('\n');
  expect(guessOwnContainer({ mountinfo, cgroup: '0::/', hostname: 'web' })).toBe(OWN);
});

test('under cgroup v1 the id is in the cgroup', () => {
  expect(guessOwnContainer({ mountinfo: '', cgroup: `12:pids:/docker/${OWN}\n`, hostname: 'web' })).toBe(OWN);
});

test('else a host name of twelve hexadecimal digits is the short id, and any other points to nothing', () => {
  expect(guessOwnContainer({ mountinfo: '', cgroup: '0::/', hostname: 'a1b2c3d4e5f6' })).toBe('a1b2c3d4e5f6');
  expect(guessOwnContainer({ mountinfo: '', cgroup: '0::/', hostname: 'laptop' })).toBe('');
});
