import type { ConformanceCase } from './case.ts'
import { cases as badInputCases } from './cases/bad-input.ts'
import { cases as bodyOptionCases } from './cases/body-option.ts'
import { cases as callbackOptionsCases } from './cases/callback-options.ts'
import { cases as closingCases } from './cases/closing.ts'
import { cases as constructorCases } from './cases/constructor.ts'
import { cases as dispatchCases } from './cases/dispatch.ts'
import { cases as errorEventCases } from './cases/error-event.ts'
import { cases as eventTapsCases } from './cases/event-taps.ts'
import { cases as failingCases } from './cases/failing.ts'
import { cases as fetchOptionCases } from './cases/fetch-option.ts'
import { cases as futileCases } from './cases/futile.ts'
import { cases as givenFetchCases } from './cases/given-fetch.ts'
import { cases as handlersCases } from './cases/handlers.ts'
import { cases as headersOptionCases } from './cases/headers-option.ts'
import { cases as lastEventIdOptionsCases } from './cases/last-event-id-options.ts'
import { cases as maxEventSizeOptionCases } from './cases/max-event-size-option.ts'
import { cases as messageEventCases } from './cases/message-event.ts'
import { cases as objectCases } from './cases/object.ts'
import { cases as parsingCases } from './cases/parsing.ts'
import { cases as peersCases } from './cases/peers.ts'
import { cases as reconnectionCases } from './cases/reconnection.ts'
import { cases as redirectOptionCases } from './cases/redirect-option.ts'
import { cases as redirectsCases } from './cases/redirects.ts'
import { cases as requestCases } from './cases/request.ts'
import { cases as requestOverridesCases } from './cases/request-overrides.ts'
import { cases as retryFunctionCases } from './cases/retry-function.ts'
import { cases as retryPolicyCases } from './cases/retry-policy.ts'
import { cases as retryStatusesCases } from './cases/retry-statuses.ts'
import { cases as signalOptionCases } from './cases/signal-option.ts'
import { cases as statesCases } from './cases/states.ts'
import { cases as streamsCases } from './cases/streams.ts'
import { cases as thrownValuesCases } from './cases/thrown-values.ts'
import { cases as timeoutOptionsCases } from './cases/timeout-options.ts'

/** All cases of the suite. Their names are unique, because reports refer to cases by name. */
export const cases: readonly ConformanceCase[] = [
  ...constructorCases,
  ...objectCases,
  ...statesCases,
  ...handlersCases,
  ...futileCases,
  ...requestCases,
  ...redirectsCases,
  ...failingCases,
  ...parsingCases,
  ...streamsCases,
  ...dispatchCases,
  ...messageEventCases,
  ...reconnectionCases,
  ...retryPolicyCases,
  ...retryFunctionCases,
  ...retryStatusesCases,
  ...closingCases,
  ...headersOptionCases,
  ...bodyOptionCases,
  ...fetchOptionCases,
  ...signalOptionCases,
  ...lastEventIdOptionsCases,
  ...timeoutOptionsCases,
  ...maxEventSizeOptionCases,
  ...redirectOptionCases,
  ...callbackOptionsCases,
  ...requestOverridesCases,
  ...givenFetchCases,
  ...eventTapsCases,
  ...thrownValuesCases,
  ...errorEventCases,
  ...badInputCases,
  ...peersCases,
]
