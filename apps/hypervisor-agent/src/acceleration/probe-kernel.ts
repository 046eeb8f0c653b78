/**
 * The whole system of a probe guest, 190 bytes that QEMU loads by the multiboot protocol. It goes where every guest
 * goes: long mode with paging, then 50 million rounds of a sum, whose result is checked, then ACPI's power off. A CPU
 * does the sum in some 50 ms and QEMU's own emulation in 250 ms. A KVM that only interprets (some clouds offer one) is
 * at it for minutes: it gets through a firmware, and no operating system ever comes up on it.
 *
 * GNU assembler, `as --32`, linked at 0x100000, `objcopy -O binary`:
 *
 *     mb:     .long 0x1BADB002, 0x00010000, -(0x1BADB002 + 0x00010000)
 *             .long 0x100000, 0x100000, 0, 0x110000, _start     # header, load, end (all), end of bss, entry
 *     _start: cli
 *             movl $0x102003, 0x101000                          # level 4 -> 3 -> 2: one page of 2 MiB at 0
 *             movl $0x103003, 0x102000
 *             movl $0x000083, 0x103000
 *             movl $0x101000, %eax;  movl %eax, %cr3
 *             movl %cr4, %eax;  orl $0x20, %eax;  movl %eax, %cr4                           # PAE
 *             movl $0xC0000080, %ecx;  rdmsr;  orl $0x100, %eax;  wrmsr                     # EFER.LME
 *             movl %cr0, %eax;  orl $0x80000000, %eax;  movl %eax, %cr0                     # paging
 *             lgdt gdtr;  ljmp $0x8, $long_mode
 *     .code64
 *     long_mode:
 *             movl $50000000, %ecx;  xorl %eax, %eax
 *     1:      addq %rcx, %rax;  decl %ecx;  jnz 1b
 *             movabsq $1250000025000000, %rbx;  cmpq %rbx, %rax
 *     2:      jne 2b                                            # a wrong sum never ends
 *             movw $0x604, %dx;  movw $0x2000, %ax;  outw %ax, %dx   # PM1a control of machine `pc`: soft off
 *     3:      hlt;  jmp 3b
 *             .align 8
 *     gdt:    .quad 0, 0x00209A0000000000
 *     gdtr:   .word 15;  .long gdt
 */
export const PROBE_KERNEL = Buffer.from(
  [
    '02b0ad1b00000100fe4f51e40000100000001000000000000000110020001000',
    'fac7050010100003201000c7050020100003301000c7050030100083000000b8',
    '001010000f22d80f20e083c8200f22e0b9800000c00f320d000100000f300f20',
    'c00d000000800f22c00f0115b8001000ea770010000800b980f0fa0231c04801',
    'c8ffc975f948bb4098754fde7004004839d875fe66ba040666b8002066eff4eb',
    'fd8db42600000000000000000000000000000000009a20000f00a8001000',
  ].join(''),
  'hex',
);
