const SECTOR = 512;
const MIB = 1_048_576;

/**
 * A disk of eight MiB whose boot sector counts in memory, for ever, and writes each number on the serial port: the smallest
 * guest that tells whether it went on or was booted. A number is four letters, A to P, and a line each. x86 in real mode.
 */
export const countingGuest = (): Buffer => {
  const program = [
    [0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xd0], // xor ax, ax; mov ds, ax; mov ss, ax
    [0xbc, 0x00, 0x7c], // mov sp, 0x7c00
    [0xc7, 0x06, 0x00, 0x05, 0x00, 0x00], // mov word [0x500], 0
    [0xff, 0x06, 0x00, 0x05], // next: inc word [0x500]
    [0x8b, 0x1e, 0x00, 0x05, 0xb1, 0x04], // mov bx, [0x500]; mov cl, 4
    [0xc1, 0xc3, 0x04, 0x88, 0xd8, 0x24, 0x0f, 0x04, 0x41], // digit: rol bx, 4; mov al, bl; and al, 15; add al, 'A'
    [0xba, 0xf8, 0x03, 0xee, 0xfe, 0xc9, 0x75, 0xef], // mov dx, 0x3f8; out dx, al; dec cl; jnz digit
    [0xb0, 0x0a, 0xee], // mov al, 10; out dx, al
    [0x66, 0xb9, 0x00, 0x09, 0x3d, 0x00, 0x67, 0xe2, 0xfd], // mov ecx, 4000000; loop it
    [0xeb, 0xd7], // jmp next
  ].flat();
  const disk = Buffer.alloc(8 * MIB);
  Buffer.from(program).copy(disk);
  disk.writeUInt16BE(0x55_aa, SECTOR - 2);
  return disk;
};

/** The numbers that are whole in what it has written. */
export const numbersIn = (console: string): number[] =>
  [...console.matchAll(/([A-P]{4})\n/g)].map(([, letters = '']) =>
    Buffer.from(letters, 'latin1').reduce((sum, letter) => sum * 16 + letter - 65, 0),
  );
