import { validateInput } from '@infinibay/platform-graphql';
import {
  actionOf,
  optionsOf,
  type FlagOption,
  type IntegerOption,
  type OperationKind,
  type Parameters,
} from '@infinibay/vms-domain';
import type { Type } from '@nestjs/common';
import { ArgsType, Field, Int } from '@nestjs/graphql';
import { z } from 'zod';
import { CreateVmInput, VmActionInput, VmVolumeInput } from './vm.inputs.js';

/** The arguments of an action's mutation: its input, and beside it whatever options the action declares. */
export interface ActionArguments {
  readonly input: CreateVmInput | VmActionInput | VmVolumeInput;
  readonly [option: string]: unknown;
}

/** @returns the class from which GraphQL's arguments are made */
export const argumentsOf = (kind: OperationKind): Type<ActionArguments> => {
  const OfVm = actionOf(kind).ofVolume === true ? VmVolumeInput : VmActionInput;
  const Input = kind === 'CREATE_VM' ? CreateVmInput : OfVm;

  @ArgsType()
  class Arguments implements ActionArguments {
    @Field(() => Input)
    input!: CreateVmInput | VmActionInput | VmVolumeInput;
    readonly [option: string]: unknown;
  }
  for (const [name, option] of Object.entries<IntegerOption | FlagOption>(optionsOf(kind))) {
    const { type, description } = option;
    Field(() => (type === 'integer' ? Int : Boolean), { nullable: true, description })(Arguments.prototype, name);
  }
  return Arguments;
};

const schemaOf = (option: IntegerOption | FlagOption): z.ZodType =>
  option.type === 'integer' ? z.int().min(option.min).max(option.max) : z.boolean();

/**
 * What was said of how it is to be done. What is left out, null, and a flag that is not set are one and the same, and are
 * not there: whoever repeats a call of an older version says nothing of it either.
 * @throws DomainError INVALID_INPUT
 */
export const parametersOf = (kind: OperationKind, { input: _input, ...given }: ActionArguments): Parameters => {
  const shape = Object.entries<IntegerOption | FlagOption>(optionsOf(kind)).map(
    ([name, option]) => [name, schemaOf(option).nullish()] as const,
  );
  const said: Parameters = validateInput(z.object(Object.fromEntries(shape)), given);
  return Object.fromEntries(
    Object.entries(said).filter(([, value]) => value !== null && value !== undefined && value !== false),
  );
};
