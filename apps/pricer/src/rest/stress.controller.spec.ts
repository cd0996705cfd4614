import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { describe, expect, it } from 'vitest';
import { ExchangeMachine } from '../../../../test/support/exchange-machine.js';
import { stressReport } from '#lib/lab';
import { StressDesk } from '../stress-desk.js';
import { stressView } from '../stress-view.js';
import { StressController } from './stress.controller.js';

describe(StressController, () => {
  it('answers with the text of the thread, as JSON', async () => {
    const machine = new ExchangeMachine(['A', 'B']);
    machine.provide('lp', 1_000_000);
    machine.marks();
    machine.deposit('a', 1000);
    machine.trade('a', { A: '1' });
    const desk = new StressDesk(() => machine.engine);
    @Module({ controllers: [StressController], providers: [{ provide: StressDesk, useValue: desk }] })
    class OfThisTest {}
    const app = await NestFactory.create(OfThisTest, new FastifyAdapter(), { logger: false });
    try {
      await app.listen(0, '127.0.0.1');
      const answer = await fetch(`${await app.getUrl()}/v1/stress`);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        200,
        'application/json; charset=utf-8',
      ]);
      const expected = stressView(stressReport(machine.engine)!);
      expect(expected.scenarios.length).toBeGreaterThan(5);
      expect(await answer.text()).toBe(JSON.stringify(expected));
    } finally {
      await app.close();
      await desk.close();
    }
  });
});
