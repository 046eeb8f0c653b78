const SECTOR = 512;
const MIB = 1_048_576;

/**
 * A disk of eight MiB whose boot sector writes 32 KiB after 32 KiB over it, for ever: the smallest guest that needs space.
 * x86 in real mode; the writes are the BIOS's (int 13h, function 43h).
 */
export const writingGuest = (): Buffer => {
  const program = [
    [0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xd0], // xor ax, ax; mov ds, ax; mov ss, ax
    [0xbc, 0x00, 0x7c, 0xfb], // mov sp, 0x7c00; sti
    [0xbe, 0x29, 0x7c], // next: mov si, packet
    [0xb8, 0x00, 0x43, 0xb2, 0x80, 0xcd, 0x13], // mov ax, 0x4300; mov dl, 0x80; int 0x13
    [0x83, 0x06, 0x31, 0x7c, 0x40], // add word [packet + 8], 64
    [0x81, 0x3e, 0x31, 0x7c, 0x00, 0x3c, 0x72, 0xe9], // cmp word [packet + 8], 0x3c00; jb next
    [0xc7, 0x06, 0x31, 0x7c, 0x40, 0x00, 0xeb, 0xe1], // mov word [packet + 8], 64; jmp next
    [0x10, 0, 64, 0, 0x00, 0x80, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0], // packet: 64 sectors from 0x8000 to sector 64
  ].flat();
  const disk = Buffer.alloc(8 * MIB);
  Buffer.from(program).copy(disk);
  disk.writeUInt16BE(0x55_aa, SECTOR - 2);
  return disk;
};
