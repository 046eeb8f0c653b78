import { Injectable } from '@nestjs/common';
import { DiskCopies } from '../disks/disk-copies.js';

/** Volumes that are being copied, by the volume that each is for: one that is moved is its own source. */
@Injectable()
export class VolumeCopies extends DiskCopies {}
