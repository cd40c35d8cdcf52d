import type { View } from '../view.ts'
import type { Reservation } from './reservations.ts'

export const reservationView: View<Reservation> = {
  columns: ['glob', 'owner', 'shared', 'remainingMs', 'purpose'],
  rest: 'purpose',
  fields: ['glob', 'owner', 'shared', 'purpose', 'reservedAt', 'remainingMs'],
}
