import { json } from '@sveltejs/kit'
import Redis from 'ioredis'
export const GET = () => json(new Redis().status)
